/**
 * The end of a search: choose among the best on other prompts, confirm the finalist on yet others, also on the
 * full-precision network, judge, finish.
 */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { maximisesRepair } from '../../contract/goal.js';
import type { FinishRequest, JudgeRequest } from '../../contract/payloads.js';
import type { SearchResult, Verdict } from '../../contract/search-result.js';
import { computeActivities, storeActivities } from '../activities.js';
import { imagesPerTrial } from '../scoring/batch.js';
import { controlOf, fullContexts, scoreControl } from './control.js';
import { edgeNotes } from './edge-note.js';
import { failedScores } from './failed-scores.js';
import { selectRepair } from './repair-select.js';
import { scoreFinalists } from './score-generation.js';
import { numbered, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import type { Ranked, SearchState } from './search-state.js';

/** @throws QschedError (failure): no candidate could be scored */
export async function conclude(run: SearchRun, state: SearchState): Promise<SearchResult> {
  const finalist = await select(run, state);
  await confirm(run, state, finalist);
  const full = await scoreControl(run, state, finalist.coefficients);
  const judged = judgedBy(state);
  const summary = `${state.splits.confirm.count} held-out prompts`;
  const request = { searchId: run.searchId, ...judged };
  const verdict = await computeActivities().judge.executeWithOptions({ summary }, [request]);
  const control = await controlOf(run, state, full, verdict);
  const result = resultOf(run, state, { finalist, verdict, control });
  const rows = state.told * imagesPerTrial(state.splits.calibration) + imagesPerTrial(state.splits.confirm);
  const complete = await storeActivities(rows).finish({ result, judged });
  if (state.searchAttributes) upsertSearchAttributes({ QschedStatus: ['finished'] });
  run.progress.stage = 'finished';
  run.progress.status = 'finished';
  setCurrentDetails(`**${verdict.recommend}**: ${verdict.reason}`);
  return complete;
}

/** The best of the finalists on prompts that chose none of them. */
async function select(run: SearchRun, state: SearchState): Promise<Ranked> {
  const [best] = state.best;
  if (best === undefined) {
    throw await failedScores(
      run.searchId,
      'No candidate could be scored',
      'Narrow coefficients.range, or fix the scorer.',
    );
  }
  if (state.best.length === 1) return best;
  run.progress.stage = 'select';
  setCurrentDetails(`Choosing among the best ${state.best.length} on ${state.splits.select.count} other prompts.`);
  if (maximisesRepair(run.spec)) return selectRepair(run, state);
  const trials = numbered(
    state.best.map(({ coefficients }) => coefficients),
    1,
  );
  const { scores, shares } = await scoreFinalists(run, state, trials);
  const whole = scores.map((score, i) => (shares[i] === 1 ? score : null));
  let winner = 0;
  whole.forEach((score, i) => {
    if (score !== null && score > (whole[winner] ?? -Infinity)) winner = i;
  });
  return state.best[winner]!;
}

/** What the verdict is judged by. */
const judgedBy = (state: SearchState): Omit<JudgeRequest, 'searchId'> => ({
  contexts: state.quantised.contexts,
  full: fullContexts(state),
  seeds: state.splits.confirm.seeds,
  objectives: state.quantised.judged,
  ...(state.opening.linear === undefined ? {} : { linear: state.opening.linear }),
});

/** Scores the finalist and the baseline on held-out prompts, and the linear finalist that the search started from. */
async function confirm(run: SearchRun, state: SearchState, finalist: Ranked): Promise<void> {
  const { confirm: split } = state.splits;
  run.progress.stage = 'confirm';
  setCurrentDetails(`Confirming the finalist against the baseline on ${split.count} held-out prompts.`);
  const { linear } = state.opening;
  const beside = linear === undefined ? [] : [linear.coefficients];
  const trials = numbered([spaceOf(run.spec).identity(), finalist.coefficients, ...beside], 0);
  await scoreStage(run, state, { stage: 'confirm', trials, label: 'confirm' });
}

interface Outcome {
  readonly finalist: Ranked;
  readonly verdict: Verdict;
  readonly control: SearchResult['control'];
}

function resultOf(
  { searchId, spec }: SearchRun,
  state: SearchState,
  { finalist, verdict, control }: Outcome,
): FinishRequest['result'] {
  const [best] = state.best as [Ranked];
  const [{ prompts, gain, low, high }] = verdict.scorers as [Verdict['scorers'][number]];
  return {
    searchId,
    status: 'finished',
    model: spec.model,
    precision: spec.precision,
    steps: spec.scheduler.steps,
    optimizer: spec.optimizer.type,
    ...(maximisesRepair(spec) ? { goal: 'repair' as const } : {}),
    trials: state.told,
    failed: state.failed,
    raced: state.raced,
    best: { trial: best.index, coefficients: best.coefficients, score: best.score },
    identity: { trial: 0, coefficients: spaceOf(spec).identity(), score: state.identityScore! },
    finalist: finalist.coefficients,
    notes: [...state.notes, ...edgeNotes(spec, finalist.coefficients, state.box ?? spaceOf(spec))],
    heldOut: {
      prompts,
      gain,
      low,
      high,
      recommend: verdict.recommend,
      reason: verdict.reason,
      scorers: verdict.scorers,
      calibrationGain: verdict.calibrationGain,
      optimism: verdict.calibrationGain === null ? null : verdict.calibrationGain - gain,
    },
    ...(verdict.overLinear ? { linear: verdict.overLinear } : {}),
    control,
  };
}
