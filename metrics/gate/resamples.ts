/**
 * Which prompts a resample of the bootstrap draws: the same for all scores of a gate, which keeps their correlation, and the
 * same for two gates with equal numbers of prompts and equal seeds.
 */
import { philox4x32 } from '../../contract/philox.js';

const TWO_16 = 2 ** 16;
const TWO_32 = 2 ** 32;
/** Identifies this module's stream of the counter-based generator. */
const STREAM = 0x67617465;

/** Indices of prompts, resamples x prompts, for a number of prompts. */
export type Resamples = (prompts: number) => Uint16Array | Uint32Array;

/**
 * @param resamples number of resamples
 * @param seed 0 to 2^53 - 1
 * @returns remembers the draws of every number of prompts that it was asked for
 */
export function createResamples(resamples: number, seed: number): Resamples {
  const key = new Uint32Array([seed % TWO_32, Math.floor(seed / TWO_32)]);
  const counter = new Uint32Array([0, 0, STREAM, 0]);
  const words = new Uint32Array(4);
  const known = new Map<number, Uint16Array | Uint32Array>();
  return (prompts) => {
    const old = known.get(prompts);
    if (old !== undefined) return old;
    const indices = new (prompts <= TWO_16 ? Uint16Array : Uint32Array)(resamples * prompts);
    const scale = prompts / TWO_32;
    for (let r = 0; r < resamples; r += 1) {
      counter[1] = r;
      for (let i = 0; i < prompts; i += 1) {
        if ((i & 3) === 0) {
          counter[0] = i >>> 2;
          philox4x32(counter, key, words);
        }
        indices[r * prompts + i] = Math.floor(words[i & 3]! * scale);
      }
    }
    known.set(prompts, indices);
    return indices;
  };
}
