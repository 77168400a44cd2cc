/**
 * From scored trials to the next state: the optimizer is told, the best are ranked. A candidate that misses a constraint
 * is told with less than its score, and never ranked.
 */
import type { AskedTrial, ConstrainedTrial } from '../../contract/payloads.js';
import { modelsSurface } from '../../contract/spec-defaults.js';
import type { Optimizer } from '../../optimizers/optimizer.js';
import type { ToldScores } from '../scoring/race-batch.js';
import { constrain } from './constraints.js';
import type { SearchRun } from './search-run.js';
import { MOST_POINTS, rankBest, type Ranked, type SearchState } from './search-state.js';
import type { SettledSearch } from './settle-k.js';

/** Scores on all pairs. */
const whole = (scores: readonly (number | null)[]): ToldScores => ({
  scores: [...scores],
  shares: scores.map(() => 1),
  kept: new Map(),
});

/** The candidates that were scored beside the baseline are told before the optimizer is asked. */
export async function tellFirst(run: SearchRun, state: SearchState, optimizer: Optimizer): Promise<SearchState> {
  const { firstScores } = state;
  if (firstScores === null || state.told > 0 || firstScores.trials.length === 0) return state;
  return tellGeneration(run, state, optimizer, firstScores.trials, whole(firstScores.scores));
}

/** The state after a generation. */
export async function tellGeneration(
  run: SearchRun,
  state: SearchState,
  optimizer: Optimizer,
  trials: readonly AskedTrial[],
  made: ToldScores,
): Promise<SearchState> {
  const { scores, shares } = made;
  const held = await constrain(run, state, { stage: 'calibration', trials: trials.map(({ index }) => index), scores });
  optimizer.tell(
    trials.map(({ point }) => point),
    held.map(({ told }) => told),
    shares,
  );
  const scored = scoredOf(trials, made, held);
  const ranked = scored.flatMap(({ share, keeps, ...one }) =>
    share === 1 && keeps && !isKnown(run, one) ? [one] : [],
  );
  const plain = (of: readonly Scored[]): Ranked[] =>
    of.map(({ index, score, coefficients }) => ({ index, score, coefficients }));
  const dropped = plain(scored.filter(({ share }) => share < 1));
  // Better than nothing: the only candidate of a budget of one.
  const known = plain(scored.filter((one) => one.share === 1 && one.keeps && isKnown(run, one)));
  const waiting = state.runnerUp === null || isKnown(run, state.runnerUp) ? [] : [state.runnerUp];
  return {
    ...state,
    optimizer: optimizer.state(),
    told: state.told + trials.length,
    generation: state.generation + 1,
    finalists: null,
    failed: state.failed + trials.length - scored.length,
    raced: state.raced + dropped.length,
    best: rankBest(state.best, ranked, run.spec.select.finalists),
    runnerUp: rankBest(waiting, dropped, 1)[0] ?? state.runnerUp ?? known[0] ?? null,
    surface: [
      ...(state.surface ?? []),
      ...trials.map(({ index: trial, point }, i) => ({ trial, point, score: scores[i]!, share: shares[i]! })),
    ].slice(-MOST_POINTS),
  };
}

/** Tells all candidates of a search whose k was settled just now, as a search that was given this k is told them. */
export async function tellAgain(
  run: SearchRun,
  { state: settled, trials, scores }: SettledSearch,
  optimizer: Optimizer,
): Promise<SearchState> {
  let state: SearchState = {
    ...settled,
    told: 0,
    generation: 0,
    failed: 0,
    raced: 0,
    best: [],
    runnerUp: null,
    surface: [],
  };
  for (let from = 0; from < trials.length;) {
    const size =
      from === 0 && state.opening.firstAsks.length > 0 ? state.opening.firstAsks.length : optimizer.nextCount;
    const to = from + size;
    state = await tellGeneration(run, state, optimizer, trials.slice(from, to), whole(scores.slice(from, to)));
    from = to;
  }
  return state;
}

/** A model of the surface asks for the baseline as the middle of its range: a finalist is one that is compared with it. */
const isKnown = ({ spec }: SearchRun, { coefficients: { sample, noise } }: Ranked): boolean =>
  modelsSurface(spec.optimizer.type) && [...sample, ...noise].every((value) => value === 1);

/** A trial with a score. */
interface Scored extends Ranked {
  /** Share of the pairs that the score rests on: only a trial with all of them may become a finalist. */
  readonly share: number;
  /** Whether it keeps the constraints. */
  readonly keeps: boolean;
}

const scoredOf = (
  trials: readonly AskedTrial[],
  { scores, shares, kept }: ToldScores,
  held: readonly ConstrainedTrial[],
): Scored[] =>
  trials.flatMap(({ index, coefficients }, i) => {
    const score = scores[i]!;
    if (score === null) return [];
    const { keeps } = held[i]!;
    return [{ index, score, coefficients: kept.get(index) ?? coefficients, share: shares[i]!, keeps }];
  });
