/**
 * Standard normal noise that depends on (seed, prompt, step) and nothing else: not on the batch, the worker, or on
 * noise generated before.
 *
 * Definition, so that another program can generate the same numbers:
 *
 *   key      FNV-1a 64 (offset 0xcbf29ce484222325, prime 0x100000001b3) over the prompt's UTF-8
 *            bytes; key words = [low 32 bits, high 32 bits]
 *   counter  [block, stepIndex, seed mod 2^32, floor(seed / 2^32)], block = 0, 1, 2, ...
 *   words    w0..w3 = Philox4x32-10(counter, key)  (Salmon et al. 2011)
 *   uniforms u = ((w0 >> 5) * 2^26 + (w1 >> 6) + 1) / 2^53  in (0, 1]
 *            v = ((w2 >> 5) * 2^26 + (w3 >> 6)) / 2^53      in [0, 1)
 *   normals  r = sqrt(-2 ln u);  z[2 * block] = r cos(2 pi v),  z[2 * block + 1] = r sin(2 pi v)
 *            in float64, each rounded once to float32
 */
import { QschedError } from '../contract/errors.js';
import { philox4x32 } from '../contract/philox.js';

export interface NoiseRequest {
  /** Whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** The prompt's text, exactly as sampled. */
  readonly prompt: string;
  /** 0: the initial latent; i + 1: the noise of step i. */
  readonly stepIndex: number;
  /** How many numbers. */
  readonly length: number;
}

const TWO_26 = 2 ** 26;
const TWO_32 = 2 ** 32;
const TWO_MINUS_53 = 2 ** -53;

/**
 * Generates `length` standard normal numbers. A longer result begins with the shorter one.
 *
 * @throws QschedError (usage) if seed, stepIndex or length is not a whole number in its range
 */
export function gaussianNoise({ seed, prompt, stepIndex, length }: NoiseRequest): Float32Array {
  checkWhole('seed', seed, Number.MAX_SAFE_INTEGER);
  checkWhole('stepIndex', stepIndex, TWO_32 - 1);
  checkWhole('length', length, TWO_32 - 1);
  const key = fnv1a64(prompt);
  const counter = Uint32Array.of(0, stepIndex, seed % TWO_32, Math.floor(seed / TWO_32));
  const words = new Uint32Array(4);
  const out = new Float32Array(length);
  for (let i = 0; i < length; i += 2) {
    counter[0] = i / 2;
    philox4x32(counter, key, words);
    const u = (unitOf(words[0]!, words[1]!) + 1) * TWO_MINUS_53;
    const v = unitOf(words[2]!, words[3]!) * TWO_MINUS_53;
    const r = Math.sqrt(-2 * Math.log(u));
    const angle = 2 * Math.PI * v;
    out[i] = r * Math.cos(angle);
    if (i + 1 < length) out[i + 1] = r * Math.sin(angle);
  }
  return out;
}

/** 53 bits of two words, as a whole number below 2^53. */
const unitOf = (high: number, low: number): number => (high >>> 5) * TWO_26 + (low >>> 6);

/** FNV-1a, 64 bits, over the UTF-8 bytes of `text`, as [low word, high word]. */
function fnv1a64(text: string): Uint32Array {
  let hash = 0xcbf29ce484222325n;
  for (const byte of utf8(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return Uint32Array.of(Number(hash & 0xffffffffn), Number(hash >> 32n));
}

/** UTF-8 bytes of `text`; a lone surrogate counts as U+FFFD, as in TextEncoder. */
function* utf8(text: string): Generator<number> {
  for (const character of text) {
    const raw = character.codePointAt(0)!;
    const point = raw >= 0xd800 && raw <= 0xdfff ? 0xfffd : raw;
    if (point < 0x80) yield point;
    else if (point < 0x800) yield* [0xc0 | (point >> 6), 0x80 | (point & 63)];
    else if (point < 0x10000) yield* [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)];
    else yield* [0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)];
  }
}

function checkWhole(name: string, value: number, high: number): void {
  if (!Number.isInteger(value) || value < 0 || value > high) {
    throw new QschedError('usage', `${name} is ${value}: must be a whole number from 0 to ${high}.`, `Change ${name}.`);
  }
}
