/**
 * What all optimizers share: the budget, the best point, the saved state. An algorithm only proposes points and takes
 * in scored ones.
 */
import { QschedError } from '../contract/errors.js';
import type { JsonValue, Optimizer, OptimizerState, Point, ScoredPoint, SearchSpace } from './optimizer.js';
import { fingerprint, type FilledOptions } from './options.js';

const { min } = Math;

/** The stored state of an algorithm. */
export type OwnState = { readonly [key: string]: JsonValue };

/** One algorithm behind `ask` and `tell`. `asked` counts the points told before. */
export interface Algorithm {
  /** How many points it can propose before it needs scores; 0 when it is finished. */
  left(asked: number): number;
  /** The points `asked`, `asked + 1`, ...: a pure function of the state. */
  propose(asked: number, count: number): Point[];
  /**
   * Takes in points with their scores; `null` is a failure. The points need not be proposed ones. Each has its share of
   * the pairs on which it was scored, in (0, 1].
   */
  absorb(asked: number, points: readonly Point[], scores: readonly (number | null)[], shares: readonly number[]): void;
  /** Why it is finished, apart from the budget. */
  stopReason(asked: number): string | null;
  own(): OwnState;
  /** The told points that it remembers, with their finite and whole scores, in the order told; only some algorithms have them. */
  told?(): readonly ScoredPoint[];
  /** The box of the next points, if it may differ from that of the options. */
  space?(): SearchSpace;
}

/** What was stored of an algorithm: `own`, and the number of points told by then. */
export interface Stored {
  readonly own: OwnState;
  readonly asked: number;
}

/** Builds an algorithm: a new one, or one from its stored state. */
export type MakeAlgorithm = (options: FilledOptions, stored: Stored | null) => Algorithm;

/**
 * An optimizer around an algorithm.
 *
 * @param stored the state to continue from; null for a new search
 */
export function askTell(
  name: string,
  options: FilledOptions,
  make: MakeAlgorithm,
  stored: OptimizerState | null = null,
): Optimizer {
  const algorithm = make(options, stored);
  const mark = fingerprint(name, options);
  let told = stored?.asked ?? 0;
  let best: ScoredPoint | null = stored?.best ?? null;

  const stopReason = (): string | null => algorithm.stopReason(told) ?? (told >= options.budget ? 'budget' : null);
  const room = (): number => (stopReason() === null ? min(options.budget - told, algorithm.left(told)) : 0);

  return {
    name,
    get asked() {
      return told;
    },
    get best() {
      return best;
    },
    get space() {
      return algorithm.space?.() ?? options.space;
    },
    get nextCount() {
      return min(options.batch, room());
    },
    ask() {
      const count = min(options.batch, room());
      return count > 0 ? algorithm.propose(told, count).map(plain) : [];
    },
    tell(points, scores, shares = points.map(() => 1)) {
      checkTold(name, options.space.lower.length, { points, scores, shares, room: room(), stopReason: stopReason() });
      const known = points.map(plain);
      const values = Array.from(scores, (score) => (Number.isFinite(score) ? score! + 0 : null));
      algorithm.absorb(told, known, values, [...shares]);
      for (const [i, score] of values.entries()) {
        if (score === null || shares[i]! < 1) continue;
        if (best === null || score > best.score) best = { point: known[i]!, score };
      }
      told += known.length;
    },
    state: () => ({ name, version: 1, asked: told, fingerprint: mark, best, own: algorithm.own() }),
    stopReason,
  };
}

/** A copy with 0 for -0, which JSON does not keep. */
const plain = (point: Point): Point => point.map((x) => x + 0);

interface Told {
  readonly points: readonly Point[];
  readonly scores: readonly (number | null)[];
  readonly shares: readonly number[];
  readonly room: number;
  readonly stopReason: string | null;
}

/** @throws QschedError (usage) for what an optimizer cannot be told */
function checkTold(name: string, dimension: number, { points, scores, shares, room, stopReason }: Told): void {
  const refuse = (what: string, hint: string): never => {
    throw new QschedError('usage', `${name} ${what}.`, hint);
  };
  const hint = 'Tell the points that ask() returned, with one score per point; stop when ask() returns an empty list.';
  if (stopReason !== null) refuse(`is finished (${stopReason}) and takes no more scores`, hint);
  if (points.length !== scores.length) refuse(`was told ${points.length} points but ${scores.length} scores`, hint);
  if (points.length !== shares.length) refuse(`was told ${points.length} points but ${shares.length} shares`, hint);
  if (points.length === 0) refuse('was told no points', hint);
  if (points.length > room) refuse(`was told ${points.length} points, but takes at most ${room} now`, hint);
  const wrong = points.find((point) => point.length !== dimension || !point.every(Number.isFinite));
  if (wrong !== undefined) {
    refuse(`was told the point [${wrong.join(', ')}]`, `A point of this space is ${dimension} finite numbers.`);
  }
  const share = shares.find((one) => !(one > 0 && one <= 1));
  if (share !== undefined) {
    refuse(`was told the share ${share}`, 'A share is above 0 and at most 1: pairs scored, of all pairs.');
  }
}

/** The error for a state that this optimizer cannot have saved. */
export function damaged(name: string, what: string): QschedError {
  return new QschedError(
    'failure',
    `The stored state of ${name} is damaged: ${what}.`,
    'Start the search again; scores that are already stored are reused.',
  );
}
