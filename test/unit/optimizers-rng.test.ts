/** The optimizers' random numbers, and the packing of float64 numbers in a state. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packFloats, unpackFloats } from '../../optimizers/pack-floats.js';
import { createGenerator } from '../../optimizers/rng.js';
import { philox4x32 } from '../../contract/philox.js';

const address = { index: fc.nat(2 ** 40), coordinate: fc.nat(100), attempt: fc.nat(100) };

describe('createGenerator', () => {
  it('makes uniforms in [0, 1) from the words of the address', () => {
    fc.assert(
      fc.property(fc.record({ seed: fc.maxSafeNat(), ...address }), ({ seed, index, coordinate, attempt }) => {
        const words = new Uint32Array(4);
        philox4x32(
          [index % 2 ** 32, Math.floor(index / 2 ** 32), coordinate, attempt],
          [seed % 2 ** 32, Math.floor(seed / 2 ** 32)],
          words,
        );
        const whole = (BigInt(words[0]! >>> 5) << 26n) + BigInt(words[1]! >>> 6);
        const u = createGenerator(seed).uniform(index, coordinate, attempt);
        expect(u).toBe(Number(whole) / 2 ** 53);
        expect(u).toBeLessThan(1);
      }),
    );
  });

  it('depends on nothing but the address', () => {
    const [a, b] = [createGenerator(7), createGenerator(7)];
    const forward = [0, 1, 2, 3].map((i) => a.normal(i, 1, 0));
    const backward = [3, 2, 1, 0].map((i) => b.normal(i, 1, 0)).toReversed();
    expect(backward).toEqual(forward);
  });

  it('changes with every part of the address and with the seed, beyond 32 bits too', () => {
    const draws = [
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [2 ** 32, 0, 0],
    ].map(([i, j, t]) => createGenerator(1).normal(i!, j!, t!));
    draws.push(createGenerator(2).normal(0, 0, 0), createGenerator(1 + 2 ** 32).normal(0, 0, 0));
    expect(new Set(draws).size).toBe(draws.length);
  });

  it('has the moments of N(0, 1) and U(0, 1)', () => {
    const { normal, uniform } = createGenerator(3);
    const count = 20_000;
    const moments = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < count; i += 1) {
      const [z, u] = [normal(i, 0, 0), uniform(i, 1, 0)];
      for (const [k, value] of [z, z ** 2, z ** 3, z ** 4, u, u ** 2].entries()) moments[k]! += value / count;
    }
    const expected = [0, 1, 0, 3, 1 / 2, 1 / 3];
    // Four standard errors of each mean.
    const width = [1, Math.sqrt(2), Math.sqrt(15), Math.sqrt(96), Math.sqrt(1 / 12), Math.sqrt(4 / 45)].map(
      (sd) => (4 * sd) / Math.sqrt(count),
    );
    for (const [k, value] of moments.entries()) expect(Math.abs(value - expected[k]!)).toBeLessThan(width[k]!);
  });
});

describe('packFloats', () => {
  it('is the base64 of the little-endian bytes, and comes back bit for bit', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), (numbers) => {
        const text = packFloats(numbers);
        const bytes = Buffer.alloc(8 * numbers.length);
        for (const [i, number] of numbers.entries()) bytes.writeDoubleLE(number, 8 * i);
        expect(text).toBe(bytes.toString('base64'));
        expect([...unpackFloats(text)!]).toEqual(numbers);
      }),
    );
  });

  it('stores null as NaN', () => {
    expect([...unpackFloats(packFloats([1, null]))!]).toEqual([1, Number.NaN]);
  });

  it.each(['AAAA', 'AAAAAAAAAA!=', 'AAAAAAAAAAAAAAAA'])('refuses %s', (text) => {
    expect(unpackFloats(text)).toBeNull();
  });
});
