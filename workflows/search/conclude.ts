/**
 * The end of a search: choose among the best on other prompts, confirm the finalist on yet others, also on the
 * full-precision network, judge, finish.
 */
import { maximisesRepair } from '../../contract/goal.js';
import type { QschedError } from '../../contract/errors.js';
import type { AskedTrial, Finalist, FinishRequest, JudgeRequest } from '../../contract/payloads.js';
import type { SearchResult, Verdict } from '../../contract/search-result.js';
import { noteOnK } from '../../contract/settled-k.js';
import { computeActivities, storeActivities } from '../activities.js';
import { imagesPerTrial } from '../scoring/batch.js';
import type { RacedScores } from '../scoring/race-batch.js';
import { setColumns } from './attributes.js';
import { controlOf, fullContexts, scoreControl } from './control.js';
import { asked, constrain } from './constraints.js';
import { showVerdict } from './details.js';
import { edgeNotes } from './edge-note.js';
import { failedScores } from './failed-scores.js';
import { complete } from './finalists.js';
import { selectRepair } from './repair-select.js';
import { scoreFinalists } from './score-generation.js';
import { numbered, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import { enterStage } from './show-progress.js';
import type { Ranked, SearchState } from './search-state.js';

/** @throws QschedError (failure): no candidate could be scored */
export async function conclude(run: SearchRun, before: SearchState): Promise<SearchResult> {
  const { finalist, unmet, state } = await select(run, before);
  await confirm(run, state, finalist);
  const full = await scoreControl(run, state, finalist.coefficients);
  const judged = judgedBy(state, unmet);
  const summary = `${state.splits.confirm.count} held-out prompts`;
  const request = { searchId: run.searchId, ...judged };
  const verdict = await computeActivities().judge.executeWithOptions({ summary }, [request]);
  const control = await controlOf(run, state, full, verdict);
  const result = resultOf(run, state, { finalist, verdict, control });
  const rows = state.told * imagesPerTrial(state.splits.calibration) + imagesPerTrial(state.splits.confirm);
  const complete = await storeActivities(rows).finish({ result, judged });
  run.progress.stage = 'finished';
  run.progress.status = 'finished';
  const { recommend, gain } = complete.heldOut;
  setColumns(run, { status: 'finished', stage: 'finished', trials: complete.trials, gain, recommend });
  showVerdict(run, complete);
  return complete;
}

/** The finalist; the baseline, with the reason, if no candidate keeps the constraints or the races. */
interface Selected {
  readonly finalist: Ranked;
  readonly unmet: string | null;
  /** With the finalist among the best. */
  readonly state: SearchState;
}

/** The best of the finalists on prompts that chose none of them. */
async function select(run: SearchRun, state: SearchState): Promise<Selected> {
  const chosen = state.finalists!;
  if (chosen.length === 0 && state.failed < state.told) return nobody(run, state, whyNobody(state));
  if (chosen.length === 0) throw await noScore(run);
  if (chosen.length === 1) return completed(run, state, chosen);
  enterStage(run, 'select', `The best ${chosen.length} candidates on ${state.splits.select.count} other prompts.`);
  if (maximisesRepair(run.spec)) return { finalist: await selectRepair(run, state), unmet: null, state };
  const finalists = numbered(
    chosen.map(({ coefficients }) => coefficients),
    1,
  );
  // Constraints are about gains over the baseline, which is then scored on these prompts too, without a race.
  const { scores, shares } =
    state.constraints.length === 0
      ? await scoreFinalists(run, state, finalists)
      : await scoreConstrained(run, state, finalists);
  const whole = scores.map((score, i) => (shares[i] === 1 ? score : null));
  const held = await constrain(run, state, {
    stage: 'select',
    trials: finalists.map(({ index }) => index),
    scores: whole,
  });
  if (state.constraints.length > 0 && whole.some((score) => score !== null) && !held.some(({ keeps }) => keeps)) {
    const what = `None of the best ${scores.length} candidates has ${asked(state.constraints)}`;
    return nobody(run, state, `${what} over the baseline on the selection prompts.`);
  }
  const worth = (i: number): number => (held[i]!.keeps ? whole[i]! : -Infinity);
  const order = chosen.map((_, i) => i).sort((a, b) => (worth(a) === worth(b) ? a - b : worth(b) - worth(a)));
  return completed(
    run,
    state,
    order.map((i) => chosen[i]!),
  );
}

/** The first of the finalists, on all calibration pairs: the next one if an image of it fails. */
async function completed(run: SearchRun, state: SearchState, finalists: readonly Finalist[]): Promise<Selected> {
  for (const finalist of finalists) {
    const whole = await complete(run, state, finalist);
    if (whole === null) continue;
    const { index, coefficients, score } = whole.finalists!.find((one) => one.index === finalist.index)!;
    return { finalist: { index, coefficients, score }, unmet: null, state: whole };
  }
  throw await noScore(run);
}

const noScore = ({ searchId }: SearchRun): Promise<QschedError> =>
  failedScores(searchId, 'No candidate could be scored', 'Narrow coefficients.range, or fix the scorer.');

/** The finalists and the baseline on all prompts of the selection; scores of the finalists. */
async function scoreConstrained(
  run: SearchRun,
  state: SearchState,
  finalists: readonly AskedTrial[],
): Promise<Pick<RacedScores, 'scores' | 'shares'>> {
  const trials = [...numbered([spaceOf(run.spec).identity()], 0), ...finalists];
  const { scores } = await scoreStage(run, state, { stage: 'select', trials, label: 'select' });
  return { scores: scores.slice(1), shares: finalists.map(() => 1) };
}

/** Nothing but the baseline can be recommended. */
const nobody = (run: SearchRun, state: SearchState, unmet: string): Selected => ({
  finalist: { index: 0, score: state.identityScore!, coefficients: spaceOf(run.spec).identity() },
  unmet,
  state,
});

/** Why no candidate is ranked, though some have a score. */
function whyNobody({ told, failed, raced, constraints }: SearchState): string {
  const rest = told - failed - raced;
  if (rest === 0) return `All ${told - failed} candidates fell behind the baseline on the calibration prompts.`;
  const which = raced === 0 ? `${rest} candidates` : `${rest} candidates that were not raced out`;
  return `None of the ${which} has ${asked(constraints)} over the baseline on the calibration prompts.`;
}

/** What the verdict is judged by. */
const judgedBy = (state: SearchState, unmet: string | null): Omit<JudgeRequest, 'searchId'> => ({
  contexts: state.quantised.contexts,
  full: fullContexts(state),
  seeds: state.splits.confirm.seeds,
  objectives: state.quantised.judged,
  ...(state.opening.linear === undefined ? {} : { linear: state.opening.linear }),
  ...(state.constraints.length === 0 ? {} : { constraints: state.constraints }),
  ...(unmet === null ? {} : { unmet }),
});

/** Scores the finalist and the baseline on held-out prompts, and the linear finalist that the search started from. */
async function confirm(run: SearchRun, state: SearchState, finalist: Ranked): Promise<void> {
  const { confirm: split } = state.splits;
  enterStage(run, 'confirm', `The finalist against the baseline on ${split.count} held-out prompts.`);
  const { linear } = state.opening;
  const beside = linear === undefined ? [] : [linear.coefficients];
  const trials = numbered([spaceOf(run.spec).identity(), finalist.coefficients, ...beside], 0);
  await scoreStage(run, state, { stage: 'confirm', trials, label: 'confirm' });
}

/** That a person ended it early. */
const stopNotes = ({ steering }: SearchRun, { told }: SearchState): string[] =>
  steering.stop === null ? [] : [`It was stopped by hand after ${told} of ${steering.target} candidates.`];

interface Outcome {
  readonly finalist: Ranked;
  readonly verdict: Verdict;
  readonly control: SearchResult['control'];
}

function resultOf(
  run: SearchRun,
  state: SearchState,
  { finalist, verdict, control }: Outcome,
): FinishRequest['result'] {
  const { searchId, spec } = run;
  // Without a candidate that keeps the constraints, the baseline is the best.
  const best = state.best[0] ?? finalist;
  const [{ prompts, gain, low, high }] = verdict.scorers as [Verdict['scorers'][number]];
  return {
    searchId,
    status: 'finished',
    model: spec.model,
    precision: spec.precision,
    steps: spec.scheduler.steps,
    optimizer: spec.optimizer.type,
    ...(maximisesRepair(spec) ? { goal: 'repair' as const } : {}),
    ...(state.opening.k === undefined ? {} : { k: state.opening.k }),
    trials: state.told,
    failed: state.failed,
    raced: state.raced,
    best: { trial: best.index, coefficients: best.coefficients, score: best.score },
    identity: { trial: 0, coefficients: spaceOf(spec).identity(), score: state.identityScore! },
    finalist: finalist.coefficients,
    notes: [
      ...state.notes,
      ...(state.opening.k === undefined ? [] : [noteOnK(state.opening.k)]),
      ...stopNotes(run, state),
      ...edgeNotes(spec, finalist.coefficients, state.box ?? spaceOf(spec)),
    ],
    heldOut: {
      prompts,
      gain,
      low,
      high,
      recommend: verdict.recommend,
      reason: verdict.reason,
      scorers: verdict.scorers,
      ...(verdict.constraints === undefined ? {} : { constraints: verdict.constraints }),
      calibrationGain: verdict.calibrationGain,
      optimism: verdict.calibrationGain === null ? null : verdict.calibrationGain - gain,
    },
    ...(verdict.overLinear ? { linear: verdict.overLinear } : {}),
    control,
  };
}
