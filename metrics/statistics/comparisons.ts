/**
 * Pairwise comparisons, the input of preference ratings: two players (schedules, models) generated an
 * image each, and a judge or a scorer preferred one of them, or neither.
 */
import { QschedError } from '../../contract/errors.js';

/** One comparison. */
export interface Comparison {
  /** Index of the first player, from 0. */
  readonly first: number;
  /** Index of the second player, from 0. */
  readonly second: number;
  /** Result of the first player: 1 for a win, 0.5 for a tie, 0 for a loss. */
  readonly outcome: 0 | 0.5 | 1;
}

/** Options of the resampling. */
export interface DrawOptions {
  /** Seed; 0 to 2^53 - 1. */
  readonly seed: number;
  /** Number of draws. */
  readonly draws: number;
}

/** The mean of all ratings. */
export const MEAN_RATING = 1000;

/**
 * Checks that there are at least two players, and that every comparison is between two of them.
 *
 * @throws QschedError (failure)
 */
export function checkComparisons(players: number, comparisons: readonly Comparison[]): void {
  if (!Number.isInteger(players) || players < 2) {
    throw new QschedError('failure', `A rating needs at least two players, not ${players}.`);
  }
  if (comparisons.length === 0) {
    throw new QschedError(
      'failure',
      'There are no comparisons to rate.',
      'Compare every player with at least one other.',
    );
  }
  const known = (player: number) => Number.isInteger(player) && player >= 0 && player < players;
  comparisons.forEach(({ first, second, outcome }, i) => {
    if (!known(first) || !known(second) || first === second) {
      throw new QschedError(
        'failure',
        `Comparison ${i} is between player ${first} and player ${second}; it must be between two different players from 0 to ${players - 1}.`,
      );
    }
    if (outcome !== 0 && outcome !== 0.5 && outcome !== 1) {
      throw new QschedError(
        'failure',
        `The outcome of comparison ${i} is ${String(outcome)}; it must be 1 (the first won), 0.5 (a tie) or 0.`,
      );
    }
  });
}

/**
 * Checks that the seed is a whole number from 0 to 2^53 - 1 and that there are at least `least` draws.
 *
 * @param what name of the draws, for the message
 * @throws QschedError (usage)
 */
export function checkDraws({ seed, draws }: DrawOptions, least: number, what: string): void {
  if (!Number.isInteger(draws) || draws < least || draws >= 2 ** 32) {
    throw new QschedError(
      'usage',
      `The number of ${what} is ${draws}; it must be a whole number of at least ${least}.`,
      `Use ${least}.`,
    );
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new QschedError('usage', `The seed is ${seed}; it must be a non-negative whole number.`, 'Use 0.');
  }
}
