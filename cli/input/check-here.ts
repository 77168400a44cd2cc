/**
 * Checks of a spec before anything is started, as far as this machine's files allow.
 */
import { checkPrior } from '../../db/find-prior.js';
import { resolveSchedules } from '../../db/resolve-schedules.js';
import { listSearches } from '../../db/searches.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import type { SettledGate } from '../../contract/gate-evaluation.js';
import type { FitChoice } from '../../contract/fit-payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { listModels } from '../../inference/models/model-roots.js';
import { textsHere } from '../../inference/prompts/prompt-sets.js';
import { checkEvaluationFiles, checkFitFiles, checkSearchFiles } from '../../planning/check.js';
import { checkGateFiles } from '../../planning/check-gate.js';
import { checkFirstAsk } from '../../planning/check-optimizer.js';
import { configuredServer } from '../../temporal/connect.js';
import { dataFolderPath } from '../../temporal/data-folder.js';
import { readWorkersLock } from '../host/workers-lock.js';
import { withAnyStore } from './stored-search.js';

/**
 * Whether another machine may serve a model: its folder is not here, and there is a server that workers can join. Its
 * worker then describes it.
 */
const mayBeElsewhere = (model: string): boolean =>
  !listModels().includes(model) && (configuredServer() !== null || readWorkersLock(dataFolderPath()) !== null);

/** @throws QschedError (usage) for everything that the files and prompt sets of this machine show to be wrong */
export function checkSearch(spec: SearchSpec): void {
  if (!mayBeElsewhere(spec.model)) checkSearchFiles(spec);
}

/**
 * Refuses a prior that cannot be one, and a budget that needs one where there can be none, with the searches of this data folder. A configured server has a store of its own, and
 * refuses it there.
 *
 * @throws QschedError (usage)
 */
export function checkPriorHere(searchId: string, spec: SearchSpec): void {
  if (configuredServer() !== null) return;
  withAnyStore((store) => {
    checkPrior(store, { searchId, spec, confirm: textsHere(spec.confirm, 'confirm') });
    if (spec.prior === 'auto' && !mayHavePrior(listSearches(store), searchId, spec)) checkFirstAsk(spec);
  });
}

/** Whether a search that was opened before holds what it starts from, or a finished one may become its prior. */
const mayHavePrior = (
  stored: ReturnType<typeof listSearches>,
  searchId: string,
  { model, precision }: SearchSpec,
): boolean =>
  stored.some(
    (one) => one.id === searchId || (one.model === model && one.precision !== precision && one.status === 'finished'),
  );

/** The same for a fit. */
export function checkFit(spec: SearchSpec, method: FitChoice['method']): void {
  if (!mayBeElsewhere(spec.model)) checkFitFiles(spec, method);
}

/** The same for the rows of an evaluation. */
export function checkEvaluation(spec: EvaluateSpec): void {
  const models = [...new Set(spec.rows.map(({ model }) => model))];
  checkEvaluationFiles(
    spec,
    models.filter((model) => !mayBeElsewhere(model)),
  );
}

/** The same for the sides of a gate. */
export function checkGate(gate: SettledGate): void {
  const models = [...new Set(gate.evaluation.rows.map(({ model }) => model))];
  checkGateFiles(
    gate,
    models.filter((model) => !mayBeElsewhere(model)),
  );
}

/** Resolves the schedules of a spec with the searches of this data folder. @throws QschedError (usage) for a wrong reference */
export function resolveHere(spec: EvaluateSpec): void {
  withAnyStore((store) => resolveSchedules(store, spec));
}

/**
 * Resolves the schedules of a spec if its searches are stored in this data folder. A configured server has a store of its
 * own, and resolves them there.
 *
 * @throws QschedError (usage) for a reference to nothing, with the command that would create it
 */
export function checkReferences(spec: EvaluateSpec): void {
  const refers = spec.rows.some(({ schedule }) => typeof schedule === 'string' && schedule !== 'identity');
  if (refers && configuredServer() === null) resolveHere(spec);
}
