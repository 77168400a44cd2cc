/**
 * Random numbers by address: number (index, coordinate, attempt) of a seed is always the same,
 * so nothing but the count of asked points needs to be saved.
 *
 *   key      [seed mod 2^32, floor(seed / 2^32)]
 *   counter  [index mod 2^32, floor(index / 2^32), coordinate, attempt]
 *   words    w0..w3 = Philox4x32-10(counter, key)  (Salmon et al. 2011)
 *   uniform  v = ((w0 >> 5) * 2^26 + (w1 >> 6)) / 2^53        in [0, 1)
 *   normal   sqrt(-2 ln u) cos(2 pi v'), with u = ((w0 >> 5) * 2^26 + (w1 >> 6) + 1) / 2^53 in (0, 1]
 *            and v' made from w2, w3 as v is from w0, w1     (Box and Muller 1958)
 */
import { philox4x32 } from '../contract/philox.js';

const { sqrt, log, cos, floor, PI } = Math;
const TWO_26 = 2 ** 26;
const TWO_32 = 2 ** 32;
const TWO_MINUS_53 = 2 ** -53;

/** One number for one address: `index` of the point (from 0), its coordinate, and the attempt. */
export type Draw = (index: number, coordinate: number, attempt: number) => number;

/** Uniform and standard normal draws, and raw 32-bit words, of one seed. */
export interface Generator {
  /** In [0, 1), 53 bits. */
  readonly uniform: Draw;
  /** Mean 0, variance 1. */
  readonly normal: Draw;
  /** A whole number in [0, 2^32). */
  readonly word: Draw;
}

/**
 * The generator of a seed. Same numbers whatever the order of the calls.
 *
 * @param seed whole number from 0 to 2^53 - 1
 */
export function createGenerator(seed: number): Generator {
  const key = [seed % TWO_32, floor(seed / TWO_32)];
  const counter = [0, 0, 0, 0];
  const words = new Uint32Array(4);
  const fill: (...address: Parameters<Draw>) => void = (index, coordinate, attempt) => {
    counter[0] = index % TWO_32;
    counter[1] = floor(index / TWO_32);
    counter[2] = coordinate;
    counter[3] = attempt;
    philox4x32(counter, key, words);
  };
  return {
    uniform: (index, coordinate, attempt) => {
      fill(index, coordinate, attempt);
      return whole53(words[0]!, words[1]!) * TWO_MINUS_53;
    },
    normal: (index, coordinate, attempt) => {
      fill(index, coordinate, attempt);
      const u = (whole53(words[0]!, words[1]!) + 1) * TWO_MINUS_53;
      const v = whole53(words[2]!, words[3]!) * TWO_MINUS_53;
      return sqrt(-2 * log(u)) * cos(2 * PI * v);
    },
    word: (index, coordinate, attempt) => {
      fill(index, coordinate, attempt);
      return words[0]!;
    },
  };
}

/** 53 bits of two words, as a whole number below 2^53. */
function whole53(high: number, low: number): number {
  return (high >>> 5) * TWO_26 + (low >>> 6);
}
