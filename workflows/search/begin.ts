/**
 * The start of a search: resolve the spec on a worker, open the search in the store, score the identity.
 */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { PrepareResult } from '../../contract/payloads.js';
import { modelActivities, storeActivities } from '../activities.js';
import { judgedObjectives } from '../judged-objectives.js';
import { asksToWait } from '../patience.js';
import { failedScores } from './failed-scores.js';
import { numbered, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

/** Checks, prepares and opens: from here on the search is in the database. */
export async function begin({ searchId, spec, input }: SearchRun): Promise<SearchState> {
  const start = `Start one with \`npx qsched worker --model ${spec.model}\`.`;
  setCurrentDetails(
    `Preparing **${spec.model}** at ${spec.precision}: waiting for a worker that serves this model. ${start}`,
  );
  await storeActivities(0).check({ spec, patient: asksToWait(input) });
  const summary = `${spec.model} ${spec.precision}`;
  const { prepare } = modelActivities(spec.model, spec.waitForWorker);
  const prepared = await prepare.executeWithOptions({ summary }, [{ spec }]);
  const { quantised, reference, notes, objective, contexts, splits, texts, nouns } = prepared;
  const opening = { searchId, spec, objective, contexts, splits, texts, nouns };
  const { searchAttributes } = await storeActivities(textCount(prepared)).open(opening);
  if (searchAttributes) {
    upsertSearchAttributes({ QschedModel: [spec.model], QschedPrecision: [spec.precision], QschedStatus: ['running'] });
  }
  return {
    quantised,
    reference,
    notes,
    splits,
    searchAttributes,
    objectives: judgedObjectives(spec, prepared),
    identityScore: null,
    optimizer: null,
    told: 0,
    failed: 0,
    generation: 0,
    best: [],
  };
}

/** @throws QschedError (failure): what the candidates are measured against cannot be scored */
export async function scoreIdentity(run: SearchRun, state: SearchState): Promise<SearchState> {
  const { spec, progress } = run;
  const { quantised, splits } = state;
  progress.stage = 'identity';
  setCurrentDetails(
    `Scoring the identity of **${spec.model}** ${spec.precision} on ${splits.calibration.count} prompts. If this stays, ` +
      `no worker serves \`${quantised.scoreQueue}\`: start one with \`npx qsched worker --model ${spec.model}\`.`,
  );
  const trials = numbered([spaceOf(spec).identity()], 0);
  const { scores } = await scoreStage(run, state, {
    stage: 'calibration',
    trials,
    label: 'identity',
    waitSeconds: spec.waitForWorker,
  });
  const identityScore = scores[0]!;
  if (identityScore === null) {
    const what = `The identity of ${spec.model} ${spec.precision} cannot be scored`;
    throw await failedScores(run.searchId, what, 'Fix the model or the scorer.');
  }
  progress.identity = identityScore;
  return { ...state, identityScore };
}

const textCount = ({ texts }: PrepareResult): number =>
  texts.calibration.length + texts.select.length + texts.confirm.length;
