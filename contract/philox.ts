/**
 * Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011): the same counter and key give the same words on any machine, in any order.
 *
 * Written without arrays in the loop and without `Math` lookups, which are slow in the workflow sandbox.
 */

const { imul } = Math;
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the product of two 32-bit words, from 16-bit halves; no part exceeds 2^32. */
function mulhi(a: number, b: number): number {
  const ah = a >>> 16;
  const al = a & 0xffff;
  const bh = b >>> 16;
  const bl = b & 0xffff;
  const low = imul(al, bl) >>> 0;
  const cross = (imul(ah, bl) >>> 0) + (low >>> 16);
  const carry = (imul(al, bh) >>> 0) + (cross & 0xffff);
  return (imul(ah, bh) + (cross >>> 16) + (carry >>> 16)) >>> 0;
}

/**
 * Four random 32-bit words.
 *
 * @param counter 4 unsigned 32-bit words: position in the stream
 * @param key 2 unsigned 32-bit words: the stream
 * @param out receives 4 words
 */
export function philox4x32(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array): void {
  let c0 = counter[0]! >>> 0;
  let c1 = counter[1]! >>> 0;
  let c2 = counter[2]! >>> 0;
  let c3 = counter[3]! >>> 0;
  let k0 = key[0]! >>> 0;
  let k1 = key[1]! >>> 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const h0 = mulhi(M0, c0);
    const l0 = imul(M0, c0);
    const h1 = mulhi(M1, c2);
    const l1 = imul(M1, c2);
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1 >>> 0;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0 >>> 0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
