/** The points that a Gaussian process was told, and how its state keeps them: as whole shares of a frame, packed. */
import { damaged, type OwnState } from '../ask-tell.js';
import type { JsonValue, Point, SearchSpace } from '../optimizer.js';
import { packFloats, unpackFloats } from '../pack-floats.js';
import { toUnit } from '../unit-box.js';
import { asPacked, packUnits, unpackUnits } from './pack-units.js';

const { max } = Math;
const NAME = 'gp';
/** Points of a model: of a longer history, the best and the latest, half each. */
const MAX_POINTS = 192;
/** A smaller share would be stored as 0. */
const MIN_SHARE = 1e-6;

export interface Told {
  /** In units of the frame: the limits of the search space, or the space itself. */
  readonly x: Float64Array;
  readonly score: number | null;
  /** Share of the pairs on which the score was measured. */
  readonly share: number;
}

/** Told points of whole batches, of which a model is made, and those of the batch that is not whole. */
export interface ToldPoints {
  readonly settled: readonly Told[];
  readonly pending: readonly Told[];
}

/** As it will come back from the state; outside the frame, its edge. */
export const toldPoint = (frame: SearchSpace, point: Point, score: number | null, share: number): Told => ({
  x: toUnit(frame, point).map(asPacked),
  score,
  share: asPacked(max(MIN_SHARE, share)),
});

/** With further points; a batch that becomes whole is settled. */
export function withTold({ settled, pending }: ToldPoints, further: readonly Told[], batch: number): ToldPoints {
  const all = [...pending, ...further];
  return all.length < batch ? { settled, pending: all } : { settled: kept([...settled, ...all]), pending: [] };
}

/** Those that a model is made of: all, or the best and the latest of many, in the order told. */
export function kept<T extends Pick<Told, 'score'>>(told: readonly T[]): readonly T[] {
  if (told.length <= MAX_POINTS) return told;
  const half = MAX_POINTS / 2;
  const rank = ({ score }: T): number => score ?? Number.NEGATIVE_INFINITY;
  const older = new Set(
    told
      .slice(0, -half)
      .sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))
      .slice(0, half),
  );
  return told.filter((one, i) => i >= told.length - half || older.has(one));
}

export function packTold({ settled, pending }: ToldPoints): OwnState {
  const all = [...settled, ...pending];
  const whole = all.every(({ share }) => share === 1);
  return {
    settled: packUnits(settled.map(({ x }) => x)),
    scores: packFloats(settled.map(({ score }) => score)),
    pending: packUnits(pending.map(({ x }) => x)),
    pendingScores: packFloats(pending.map(({ score }) => score)),
    ...(whole ? {} : { shares: packUnits(all.map(({ share }) => Float64Array.of(share))) }),
  };
}

/** @throws QschedError (failure) for a damaged state */
export function unpackTold(own: OwnState, dimension: number): ToldPoints {
  const read = (points: JsonValue | undefined, scores: JsonValue | undefined): Omit<Told, 'share'>[] => {
    const values = typeof scores === 'string' ? unpackFloats(scores) : null;
    const rows = typeof points === 'string' && values !== null ? unpackUnits(points, values.length, dimension) : null;
    if (rows === null) throw damaged(NAME, `it has no ${dimension} numbers per score`);
    return rows.map((x, i) => ({ x, score: Number.isNaN(values![i]!) ? null : values![i]! }));
  };
  const settled = read(own['settled'], own['scores']);
  const all = [...settled, ...read(own['pending'], own['pendingScores'])];
  const shares = readShares(own['shares'], all.length);
  const told = all.map((one, i) => ({ ...one, share: shares[i]! }));
  return { settled: told.slice(0, settled.length), pending: told.slice(settled.length) };
}

/** All 1 if none are stored. */
function readShares(stored: JsonValue | undefined, count: number): readonly number[] {
  if (stored === undefined) return Array.from({ length: count }, () => 1);
  const rows = typeof stored === 'string' ? unpackUnits(stored, count, 1) : null;
  if (rows === null || !rows.every(([share]) => share! > 0)) throw damaged(NAME, 'it has no share per score');
  return rows.map(([share]) => share!);
}
