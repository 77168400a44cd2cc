/**
 * Sobol's low-discrepancy sequence in Gray-code order (Antonov and Saleev 1979), shifted digit by
 * digit with the seed: 32 bits of point i in dimension j are
 *
 *   word(i, j) XOR shift(j),   word(i, j) = XOR of V_j[b] over the bits b of i ^ (i >> 1)
 *   m_k = m_{k-s} ^ 2^s m_{k-s} ^ XOR_r 2^r a_r m_{k-r},   V[k] = m_k 2^(32-k)
 *
 * The shift keeps the sequence's evenness and moves its first point off the corner. Unshifted words
 * equal scipy 1.17.1's `qmc.Sobol(scramble=False, bits=32)`.
 */
import { QschedError } from '../contract/errors.js';
import type { Algorithm } from './ask-tell.js';
import type { FilledOptions } from './options.js';
import { createGenerator } from './rng.js';
import { SOBOL_ROWS } from './sobol-directions.js';
import { fromUnit } from './unit-box.js';

const { clz32 } = Math;
const BITS = 32;
const TWO_32 = 2 ** 32;

/** The largest number of dimensions. */
export const SOBOL_DIMENSIONS = SOBOL_ROWS.length + 1;

/** V_j[0..31] of a dimension, counted from 0. */
export function sobolDirections(dimension: number): Uint32Array {
  const v = new Uint32Array(BITS);
  const [polynomial = 1, ...m] = dimension === 0 ? [] : SOBOL_ROWS[dimension - 1]!;
  const s = 31 - clz32(polynomial);
  for (let k = 0; k < BITS; k += 1) {
    if (s === 0) v[k] = 1 << (31 - k);
    else if (k < s) v[k] = m[k]! << (31 - k);
    else {
      let value = v[k - s]! ^ (v[k - s]! >>> s);
      for (let r = 1; r < s; r += 1) if ((polynomial >>> (s - r)) & 1) value ^= v[k - r]!;
      v[k] = value;
    }
  }
  return v;
}

/** The 32-bit word of point `index` (below 2^32) along one dimension's directions, unshifted. */
export function sobolWord(directions: Uint32Array, index: number): number {
  let gray = (index ^ (index >>> 1)) >>> 0;
  let word = 0;
  for (let bit = 0; gray !== 0; bit += 1) {
    if (gray & 1) word ^= directions[bit]!;
    gray >>>= 1;
  }
  return word >>> 0;
}

/**
 * Sobol search as an algorithm; its whole state is its index.
 *
 * @throws QschedError (usage) above 32 dimensions
 */
export function sobol({ space, seed }: FilledOptions): Algorithm {
  const n = space.lower.length;
  if (n > SOBOL_DIMENSIONS) {
    throw new QschedError(
      'usage',
      `sobol supports up to ${SOBOL_DIMENSIONS} dimensions; the search space has ${n}.`,
      'Use random or cma-es instead.',
    );
  }
  const { word } = createGenerator(seed);
  const directions = Array.from({ length: n }, (_, j) => sobolDirections(j));
  const shifts = directions.map((_v, j) => word(0, j, 0));
  return {
    left: (asked) => TWO_32 - asked,
    propose: (asked, count) =>
      Array.from({ length: count }, (_, i) =>
        fromUnit(
          space,
          directions.map((v, j) => ((sobolWord(v, asked + i) ^ shifts[j]!) >>> 0) / TWO_32),
        ),
      ),
    absorb: () => undefined,
    stopReason: (asked) => (asked >= TWO_32 ? 'sequence exhausted' : null),
    own: () => ({}),
  };
}
