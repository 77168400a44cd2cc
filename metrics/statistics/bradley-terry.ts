/**
 * Bradley-Terry ratings (Bradley and Terry 1952): P(A beats B) = 1 / (1 + exp(b_B - b_A)) with the
 * maximum-likelihood strengths b; a tie counts as half a win for each. R = 1000 + 400 / ln 10 (b -
 * mean b) is the scale of Elo ratings. The order of the comparisons does not matter.
 *
 * The likelihood has a maximum only if no group of players won every comparison with the
 * others (Ford 1957), that is, if wins and ties connect every player to every other.
 */
import { Matrix, solve } from 'ml-matrix';
import { QschedError } from '../../contract/errors.js';
import { philox4x32 } from '../../contract/philox.js';
import type { Interval } from './bootstrap.js';
import { checkComparisons, checkDraws, MEAN_RATING, type Comparison } from './comparisons.js';
import { quantileSorted } from './statistics.js';

export interface BradleyTerryOptions {
  /** Seed of the resampling; 0 to 2^53 - 1. */
  readonly seed: number;
  /** The prompt of each comparison, in order: prompts are resampled, not comparisons. */
  readonly prompts?: ArrayLike<number | string>;
  /** 1000 by default. */
  readonly resamples?: number;
  /** Nominal coverage of the intervals, within (0, 1); 0.95 by default. */
  readonly level?: number;
}

/** Ratings and their uncertainty. */
export interface BradleyTerryResult {
  /** (players); their mean is 1000. */
  readonly ratings: Float64Array;
  /** Percentile intervals of the ratings; unbounded if too many resamples have no rating. */
  readonly intervals: readonly Interval[];
  /** Resamples in which a player or a group won or lost everything: these have no ratings and are left out. */
  readonly unbounded: number;
}

const SCALE = 400 / Math.log(10);
const TWO_32 = 2 ** 32;
const STEPS = 200;
const { abs, exp, floor, max, min } = Math;

/** Identifies this module's stream of the counter-based generator. */
const STREAM = 0x62740000;

/**
 * Maximum-likelihood ratings.
 *
 * @returns (players); their mean is 1000
 * @throws QschedError (failure) as `checkComparisons` does, and if a player or a group won
 *   or lost everything against the others, or was never compared with them
 */
export function bradleyTerry(players: number, comparisons: readonly Comparison[]): Float64Array {
  checkComparisons(players, comparisons);
  const wins = new Float64Array(players * players);
  for (const comparison of comparisons) count(wins, players, comparison);
  const divided = division(wins, players);
  if (divided !== null) throw new QschedError('failure', divided, 'Add comparisons, or leave these players out.');
  return fit(wins, players);
}

/**
 * Ratings with percentile intervals of a bootstrap over prompts, or over comparisons if no
 * prompts are given.
 *
 * @throws QschedError (failure) as `bradleyTerry` does, for prompts of another number or fewer
 *   than two of them; (usage) for options out of range
 */
export function bradleyTerryIntervals(
  players: number,
  comparisons: readonly Comparison[],
  options: BradleyTerryOptions,
): BradleyTerryResult {
  const { seed, prompts, resamples = 1000, level = 0.95 } = options;
  checkDraws({ seed, draws: resamples }, 1, 'resamples');
  if (!(level > 0 && level < 1)) {
    throw new QschedError('usage', `The level is ${level}; it must lie between 0 and 1.`, 'Use 0.95.');
  }
  const ratings = bradleyTerry(players, comparisons);
  const clusters = clusterComparisons(comparisons, prompts);
  const n = clusters.length;

  const key = new Uint32Array([seed % TWO_32, floor(seed / TWO_32)]);
  const counter = new Uint32Array([0, 0, STREAM, 0]);
  const words = new Uint32Array(4);
  const drawn: Float64Array[] = [];
  for (let r = 0; r < resamples; r++) {
    counter[1] = r;
    const wins = new Float64Array(players * players);
    for (let i = 0; i < n; i++) {
      if ((i & 3) === 0) {
        counter[0] = i >>> 2;
        philox4x32(counter, key, words);
      }
      for (const comparison of clusters[floor((words[i & 3]! * n) / TWO_32)]!) count(wins, players, comparison);
    }
    if (division(wins, players) === null) drawn.push(fit(wins, players));
  }
  const unbounded = resamples - drawn.length;
  const tail = (1 - level) / 2;
  const intervals = Array.from(ratings, (_, player) => {
    if (unbounded > tail * resamples) return { low: -Infinity, high: Infinity };
    const sorted = Float64Array.from(drawn, (one) => one[player]!).sort();
    return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail) };
  });
  return { ratings, intervals, unbounded };
}

/** wins[a * players + b]: how often a beat b; a tie counts as half. */
function count(wins: Float64Array, players: number, { first, second, outcome }: Comparison): void {
  wins[first * players + second]! += outcome;
  wins[second * players + first]! += 1 - outcome;
}

function clusterComparisons(
  comparisons: readonly Comparison[],
  prompts: ArrayLike<number | string> | undefined,
): Comparison[][] {
  if (prompts === undefined) return comparisons.map((comparison) => [comparison]);
  if (prompts.length !== comparisons.length) {
    throw new QschedError('failure', `${comparisons.length} comparisons but ${prompts.length} prompts.`);
  }
  const groups = new Map<number | string, Comparison[]>();
  comparisons.forEach((comparison, i) => {
    const group = groups.get(prompts[i]!);
    if (group === undefined) groups.set(prompts[i]!, [comparison]);
    else group.push(comparison);
  });
  if (groups.size < 2) {
    throw new QschedError('failure', `An interval needs comparisons of at least two prompts, not ${groups.size}.`);
  }
  return [...groups.values()];
}

/** Which players cannot be rated together with the others, in words; null if all can. */
function division(wins: Float64Array, players: number): string | null {
  for (let player = 0; player < players; player++) {
    const beaten = reached(player, players, (a, b) => wins[a * players + b]! > 0);
    const beating = reached(player, players, (a, b) => wins[b * players + a]! > 0);
    if (beaten.size === players && beating.size === players) continue;
    const [group, verb, opposite] = beaten.size < players ? [beaten, 'won', 'lost'] : [beating, 'lost', 'won'];
    // Names the smaller side: if one side never won or tied, the other never lost or tied.
    const smaller = group.size * 2 <= players;
    const named = Array.from({ length: players }, (_, p) => p).filter((p) => group.has(p) === smaller);
    const who = named.length === 1 ? `Player ${named[0]}` : `The group of players ${named.join(', ')}`;
    return `${who} never ${smaller ? verb : opposite} or tied against the others, so that no finite Bradley-Terry rating exists.`;
  }
  return null;
}

function reached(start: number, players: number, edge: (from: number, to: number) => boolean): Set<number> {
  const seen = new Set([start]);
  for (const from of seen) for (let to = 0; to < players; to++) if (edge(from, to)) seen.add(to);
  return seen;
}

/** Newton's method on the concave log-likelihood; the mean strength is held at 0. */
function fit(wins: Float64Array, players: number): Float64Array {
  const strengths = new Float64Array(players);
  for (let step = 0; step < STEPS; step++) {
    const gradient = Matrix.zeros(players, 1);
    // The information is singular for a common shift of all strengths; the ones remove that.
    const information = Matrix.ones(players, players);
    for (let a = 0; a < players; a++) {
      for (let b = 0; b < players; b++) {
        const games = wins[a * players + b]! + wins[b * players + a]!;
        if (a === b || games === 0) continue;
        const p = 1 / (1 + exp(strengths[b]! - strengths[a]!));
        gradient.set(a, 0, gradient.get(a, 0) + wins[a * players + b]! - games * p);
        const weight = games * p * (1 - p);
        information.set(a, a, information.get(a, a) + weight);
        information.set(a, b, information.get(a, b) - weight);
      }
    }
    const change = solve(information, gradient).to1DArray();
    // At most 1 (174 points) per iteration: far from the maximum a full step overshoots.
    const largest = change.reduce((most, value) => max(most, abs(value)), 0);
    const damping = min(1, 1 / largest);
    for (let p = 0; p < players; p++) strengths[p]! += damping * change[p]!;
    if (largest < 1e-13) break;
  }
  const mean = strengths.reduce((sum, value) => sum + value, 0) / players;
  return strengths.map((strength) => MEAN_RATING + SCALE * (strength - mean));
}
