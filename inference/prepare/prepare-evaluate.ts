/**
 * Resolves one network of an evaluation on this machine: files, scorers, prompts -> fingerprints.
 */
import { identityCoefficients } from '../../diffusion/coefficients.js';
import { applyPtqd } from '../../diffusion/ptqd.js';
import type { FusedSchedule } from '../../diffusion/fused.js';
import { QschedError } from '../../contract/errors.js';
import type {
  PrepareEvaluateRequest,
  PreparedNetwork,
  PreparedScorer,
  ResolvedSchedule,
} from '../../contract/evaluate-payloads.js';
import type { EvaluateSpec } from '../../contract/evaluate-spec.js';
import { scaleFused } from '../../contract/schedule-document.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { hashOf } from '../../artefacts/artefact-keys.js';
import { hashFiles } from '../models/file-hashes.js';
import { openModelFolder, type ModelFolder } from '../models/model-folder.js';
import type { NumericClass } from '../models/numeric-class.js';
import { refuseOtherInputs, schedulerOf, scoreQueueOf } from './prepare.js';
import { resolveSplit } from '../prompts/prompt-sets.js';
import { readReferenceFeatures } from '../models/reference-features.js';
import { checkScorers } from '../scorers/check-scorers.js';
import { openScorerFolder, scorerFingerprint, scorerKind } from '../scorers/scorer-folder.js';
import { scorerNotes } from '../scorers/scorer-notes.js';
import type { ScorerFolder } from '../scorers/scorer-kind.js';

/** What a row's steps are: coefficients, and perhaps PTQD's correction, inside. */
export function rowSchedule(
  model: ModelFolder,
  choice: SearchSpec['scheduler'],
  { coefficients, ptqd }: Pick<ResolvedSchedule, 'coefficients' | 'ptqd'>,
): FusedSchedule {
  const scheduler = schedulerOf(model, choice);
  return ptqd === undefined
    ? scheduler.fused(coefficients)
    : scaleFused(applyPtqd(scheduler.fused(), ptqd), coefficients);
}

/**
 * Checks everything of an evaluation that this machine's files can show.
 *
 * @param models rows of these models alone; all of them where left out
 * @throws QschedError (usage): unknown or incomplete model, precision, scorer or prompt set
 */
export function checkEvaluateFiles(
  spec: EvaluateSpec,
  models: readonly string[] = spec.rows.map(({ model }) => model),
): void {
  resolveSplit(spec.prompts, 'prompts');
  const { objective, scorers, features } = spec;
  /** Rows share networks: each is looked at once. */
  const networks = new Map<string, ModelFolder>();
  for (const { model: name, precision, scheduler, schedule } of spec.rows) {
    if (!models.includes(name)) continue;
    const choice = { model: name, precision, scheduler };
    const key = hashOf(choice);
    const model = networks.get(key) ?? openNetwork({ ...choice, objective, scorers, features }).model;
    networks.set(key, model);
    if (typeof schedule !== 'string') rowSchedule(model, scheduler, schedule);
  }
}

function openNetwork(request: Omit<PrepareEvaluateRequest, 'prompts'>) {
  const model = openModelFolder(request.model, request.precision);
  rowSchedule(model, request.scheduler, { coefficients: identityCoefficients(request.scheduler.steps) });
  refuseOtherInputs(model);
  const checked = checkScorers(request.objective, request.scorers, model);
  const features = request.features === null ? null : openScorerFolder(request.features, model);
  if (features !== null && scorerKind(features).hasFeatures !== true) {
    throw new QschedError(
      'usage',
      `features names the scorer "${features.role}" (${features.kind}), which has no features: ` +
        'it cannot carry a Frechet distance.',
      'Name a CLIP, inception or cmmd folder, or leave distances out with features: null (--features none).',
    );
  }
  // Damaged ones are refused here, not after the last image.
  if (features !== null) readReferenceFeatures(model.folder, features.name);
  return { model, ...checked, features };
}

/** Fingerprints of a network, for the keys of its images and their numbers. @throws QschedError (usage) */
export async function prepareNetwork(request: PrepareEvaluateRequest, numeric: NumericClass): Promise<PreparedNetwork> {
  const { model, scorers, objective, outside, features } = openNetwork(request);
  const { split, prompts } = resolveSplit(request.prompts, 'prompts');
  return {
    model: request.model,
    precision: request.precision,
    scheduler: request.scheduler,
    ...(await fingerprints(model, numeric)),
    numeric: Object.entries(numeric)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(', '),
    notes: scorerNotes(scorers, prompts),
    scorers: await Promise.all(scorers.map(prepared)),
    features: features === null ? null : await prepared(features),
    objective,
    objectiveScorer: request.objective.scorer,
    outside: Object.entries(outside).map(([scorer, plan]) => ({ scorer, plan })),
    prompts: split,
  };
}

async function fingerprints(
  model: ModelFolder,
  numeric: NumericClass,
): Promise<Pick<PreparedNetwork, 'network' | 'scoreQueue'>> {
  const files = await hashFiles(model.folder, model.files);
  return { network: hashOf({ files, precision: model.precision, numeric }), scoreQueue: scoreQueueOf(files, numeric) };
}

async function prepared(scorer: ScorerFolder): Promise<PreparedScorer> {
  const { role, name, kind, names } = scorer;
  return { role, name, kind, names, fingerprint: hashOf(await scorerFingerprint(scorer)) };
}

/** A worker draws and scores with the files that were prepared, or not at all. */
export async function refuseOtherNetwork(
  request: Pick<PreparedNetwork, 'model' | 'precision' | 'network' | 'scorers' | 'features'>,
  numeric: NumericClass,
): Promise<ModelFolder> {
  const model = openModelFolder(request.model, request.precision);
  if ((await fingerprints(model, numeric)).network !== request.network) throw isOther(`model "${request.model}"`);
  for (const scorer of request.scorers) await refuseOtherScorer(model, scorer);
  if (request.features !== null) await refuseOtherScorer(model, request.features);
  return model;
}

/** A scorer is still what it was when the evaluation was prepared: its files, and the version that a server states. */
export async function refuseOtherScorer(
  model: ModelFolder,
  { role, fingerprint }: Pick<PreparedScorer, 'role' | 'fingerprint'>,
): Promise<void> {
  if ((await prepared(openScorerFolder(role, model))).fingerprint !== fingerprint) throw isOther(`scorer "${role}"`);
}

const isOther = (what: string): QschedError =>
  new QschedError(
    'failure',
    `The files of ${what} on this worker differ from those that the evaluation was prepared with.`,
    'Restart the worker after changing model files, and give every worker the same ones.',
  );
