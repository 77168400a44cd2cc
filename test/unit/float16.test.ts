/** Half precision: every one of its 65,536 values, and every place where rounding to it changes. */
import { expect, test } from 'vitest';
import { fromHalves, toHalves } from '../../inference/models/float16.js';

const ALL = Uint16Array.from({ length: 0x10000 }, (_, half) => half);
const INFINITE = 0x7c00;

/** The definition of IEEE 754 binary16, by the digits of its 16 bits. */
function defined(half: number): number {
  const digits = half.toString(2).padStart(16, '0');
  const sign = digits[0] === '1' ? -1 : 1;
  const exponent = Number.parseInt(digits.slice(1, 6), 2);
  const fraction = Number.parseInt(digits.slice(6), 2) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
}

const bitsOf = (value: number): number => toHalves([value])[0]!;

/** The float32 next to a positive one, away from 0 or towards it. */
function neighbour(value: number, direction: 1 | -1): number {
  const float = Float32Array.of(value);
  new Uint32Array(float.buffer)[0]! += direction;
  return float[0]!;
}

test('every half has the value that its bits define', () => {
  const values = fromHalves(ALL);
  ALL.forEach((half) => {
    if (!Object.is(values[half], defined(half))) throw new Error(`${half}: ${values[half]}, not ${defined(half)}`);
  });
  expect([...fromHalves(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000))]).toEqual([1, -2, 65504, 2 ** -24, -0]);
});

test('every half comes back with its own bits; a NaN stays one', () => {
  const back = toHalves(fromHalves(ALL));
  ALL.forEach((half) => {
    const isNaN = (half & 0x7fff) > INFINITE;
    const same = isNaN ? (back[half]! & 0x7fff) > INFINITE : back[half] === half;
    if (!same) throw new Error(`${half} came back as ${back[half]}`);
  });
  expect(bitsOf(NaN) & 0x7fff).toBeGreaterThan(INFINITE);
});

test('between two halves the nearest is taken, and in the middle the even one', () => {
  const values = fromHalves(ALL);
  for (let half = 0; half < INFINITE; half += 1) {
    // Above the largest half, infinity takes the place of 65536.
    const next = half + 1 === INFINITE ? 65536 : values[half + 1]!;
    const middle = (values[half]! + next) / 2;
    expect(Math.fround(middle)).toBe(middle);
    const even = half % 2 === 0 ? half : half + 1;
    const found = [neighbour(middle, -1), middle, neighbour(middle, 1)].map(bitsOf);
    if (found.join() !== [half, even, half + 1].join()) throw new Error(`around ${middle}: ${found.join()}`);
    if (bitsOf(-middle) !== (even | 0x8000)) throw new Error(`-${middle}: ${bitsOf(-middle)}`);
  }
});

test('what is larger than all halves is infinite, and what is smaller is zero with its sign', () => {
  expect([65519.99, 65520, 1e38, Infinity, -65520].map(bitsOf)).toEqual([0x7bff, 0x7c00, 0x7c00, 0x7c00, 0xfc00]);
  expect([1e-40, -1e-40, 2 ** -25, -(2 ** -25), 0, -0].map(bitsOf)).toEqual([0, 0x8000, 0, 0x8000, 0, 0x8000]);
});

test('a view into a larger buffer, and a Float16Array where JavaScript has one, are read by their bits', () => {
  const buffer = Uint16Array.of(0, 0x3c00, 0x4000, 0).buffer;
  expect([...fromHalves(new Uint16Array(buffer, 2, 2))]).toEqual([1, 2]);
  const { Float16Array } = globalThis as { Float16Array?: new (buffer: ArrayBuffer) => Uint16Array };
  const halves =
    Float16Array === undefined ? { buffer, byteOffset: 0, byteLength: 8, length: 4 } : new Float16Array(buffer);
  expect([...fromHalves(halves)]).toEqual([0, 1, 2, 0]);
});
