/**
 * Coordinates in the unit box, two per float64: each is a whole number of 2^-26, the first times 2^26 plus the second.
 * Half the length of the numbers themselves; a coefficient is moved by less than 1e-8.
 */
import { packFloats, unpackFloats } from '../pack-floats.js';

const { floor, max, min, round } = Math;
const ONE = 2 ** 26 - 1;
const SHIFT = 2 ** 26;

const whole = (x: number): number => round(max(0, min(1, x)) * ONE);

/** A coordinate as it comes back; outside the box, the edge. */
export const asPacked = (x: number): number => whole(x) / ONE;

/** @param rows of equal length */
export function packUnits(rows: readonly Float64Array[]): string {
  const wholes = rows.flatMap((row) => Array.from(row, whole));
  return packFloats(
    Array.from({ length: (wholes.length + 1) >> 1 }, (_, i) => wholes[2 * i]! * SHIFT + (wholes[2 * i + 1] ?? 0)),
  );
}

/** The rows, or null if the text does not hold `count` of them. */
export function unpackUnits(text: string, count: number, dimension: number): Float64Array[] | null {
  const pairs = unpackFloats(text);
  if (pairs === null || pairs.length !== (count * dimension + 1) >> 1) return null;
  const wholeAt = (i: number): number => (i % 2 === 0 ? floor(pairs[i >> 1]! / SHIFT) : pairs[i >> 1]! % SHIFT);
  return Array.from({ length: count }, (_, row) =>
    Float64Array.from({ length: dimension }, (_x, j) => wholeAt(row * dimension + j) / ONE),
  );
}
