/**
 * Elo ratings (Elo 1978) from preferences:
 *
 *   E_A = 1 / (1 + 10^((R_B - R_A) / 400)),  R_A += K (S_A - E_A),  R_B -= K (S_A - E_A),
 *
 * K = 32, S_A = 1, 0.5 or 0. The result of one pass depends on the order of the comparisons,
 * so the ratings are the mean over many shuffles. `bradleyTerry` does not depend on the order; report both.
 */
import { philox4x32 } from '../../contract/philox.js';
import { checkComparisons, checkDraws, MEAN_RATING, type Comparison } from './comparisons.js';

export interface EloOptions {
  /** Seed of the shuffles; 0 to 2^53 - 1. */
  readonly seed: number;
  /** At least 1000, the default. */
  readonly shuffles?: number;
}

const K = 32;
const SHUFFLES = 1000;
const TWO_32 = 2 ** 32;
const { floor } = Math;

/** Identifies this module's stream of the counter-based generator. */
const STREAM = 0x656c6f00;

/**
 * Mean ratings over shuffles; in each of them every player starts at 1000. Shuffle s is the Fisher-Yates
 * shuffle from the last place down, with index floor(u (i + 1) / 2^32) of a 32-bit word u.
 *
 * @param players number of players; one that was never compared stays at 1000
 * @returns (players); their mean is 1000
 * @throws QschedError (failure) as `checkComparisons` does; (usage) for options out of range
 */
export function eloRatings(
  players: number,
  comparisons: readonly Comparison[],
  { seed, shuffles = SHUFFLES }: EloOptions,
): Float64Array {
  checkComparisons(players, comparisons);
  checkDraws({ seed, draws: shuffles }, SHUFFLES, 'shuffles');
  const total = new Float64Array(players);
  const key = new Uint32Array([seed % TWO_32, floor(seed / TWO_32)]);
  const counter = new Uint32Array([0, 0, STREAM, 0]);
  const words = new Uint32Array(4);
  const order = new Uint32Array(comparisons.length);
  for (let s = 0; s < shuffles; s++) {
    counter[1] = s;
    order.forEach((_, i) => (order[i] = i));
    for (let i = order.length - 1, drawn = 0; i > 0; i--, drawn++) {
      if ((drawn & 3) === 0) {
        counter[0] = drawn >>> 2;
        philox4x32(counter, key, words);
      }
      const j = floor((words[drawn & 3]! * (i + 1)) / TWO_32);
      const held = order[i]!;
      order[i] = order[j]!;
      order[j] = held;
    }
    const ratings = onePass(players, comparisons, order);
    for (let p = 0; p < players; p++) total[p]! += ratings[p]!;
  }
  return total.map((sum) => sum / shuffles);
}

function onePass(players: number, comparisons: readonly Comparison[], order: Uint32Array): Float64Array {
  const ratings = new Float64Array(players).fill(MEAN_RATING);
  for (const index of order) {
    const { first, second, outcome } = comparisons[index]!;
    const expected = 1 / (1 + 10 ** ((ratings[second]! - ratings[first]!) / 400));
    const change = K * (outcome - expected);
    ratings[first]! += change;
    ratings[second]! -= change;
  }
  return ratings;
}
