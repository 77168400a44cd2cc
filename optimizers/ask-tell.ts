/**
 * The bookkeeping that all optimizers share: the batch on its way, the budget, the saved state.
 * An algorithm only proposes points and takes in their scores.
 */
import { QschedError } from '../contract/errors.js';
import type { JsonValue, Optimizer, Point } from './optimizer.js';
import { fingerprint, type FilledOptions } from './options.js';

const { min } = Math;

/** What an algorithm remembers, as it is stored. */
export type OwnState = { readonly [key: string]: JsonValue };

/** One algorithm behind `ask` and `tell`. `asked` counts the points told before. */
export interface Algorithm {
  /** How many points it can propose before it needs scores; 0 when it is finished. */
  left(asked: number): number;
  /** The points `asked`, `asked + 1`, ...: a pure function of the state. */
  propose(asked: number, count: number): Point[];
  /** Takes in scores, in the order of `points`; `null` is a failed one. */
  absorb(points: readonly Point[], scores: readonly (number | null)[]): void;
  /** Why it is finished, apart from the budget. */
  stopReason(asked: number): string | null;
  own(): OwnState;
}

/** Builds an algorithm from its options and, where one is restored, from what it remembered. */
export type MakeAlgorithm = (options: FilledOptions, own: OwnState | null) => Algorithm;

/**
 * An optimizer around an algorithm.
 *
 * @param asked points told before the state was saved; 0 for a new search
 */
export function askTell(name: string, options: FilledOptions, algorithm: Algorithm, asked: number): Optimizer {
  const mark = fingerprint(name, options);
  let told = asked;

  function stopReason(): string | null {
    return algorithm.stopReason(told) ?? (told >= options.budget ? 'budget' : null);
  }

  /** A pure function of the state: asked twice, it gives the same points. */
  function next(): Point[] {
    const count = stopReason() === null ? min(options.batch, options.budget - told, algorithm.left(told)) : 0;
    // x + 0 makes a plain zero of -0, which JSON would not keep.
    return count > 0 ? algorithm.propose(told, count).map((point) => point.map((x) => x + 0)) : [];
  }

  return {
    name,
    get asked() {
      return told;
    },
    ask: next,
    tell(points, scores) {
      if (points.length === 0 || stopReason() !== null) {
        throw new QschedError(
          'usage',
          `${name} ${stopReason() === null ? 'was told no points' : `is finished (${stopReason()}): there is nothing to tell`}.`,
          'Tell the points that ask() returned; stop when it returns an empty list.',
        );
      }
      if (scores.length !== points.length) {
        throw new QschedError(
          'usage',
          `${name} was told ${points.length} points and ${scores.length} scores.`,
          'Tell one score per point, in the same order; null for a failed one.',
        );
      }
      const room = min(options.budget - told, algorithm.left(told));
      if (points.length > room) {
        throw new QschedError(
          'usage',
          `${name} was told ${points.length} points, but takes at most ${room} now.`,
          'Tell the points that ask() returned, all of them once.',
        );
      }
      algorithm.absorb(
        points,
        Array.from(scores, (score) => (Number.isFinite(score) ? score : null)),
      );
      told += points.length;
    },
    state: () => ({ name, version: 1, asked: told, fingerprint: mark, own: algorithm.own() }),
    stopReason,
  };
}

/** The error of a state that cannot be what this optimizer saved. */
export function damaged(name: string, what: string): QschedError {
  return new QschedError(
    'failure',
    `The stored state of ${name} is damaged: ${what}.`,
    'Start the search again; scores already stored are used again.',
  );
}
