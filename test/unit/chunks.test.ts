import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OpenTrial } from '../../spec/payloads.js';
import { chunksOf, wavesOf } from '../../workflows/search/chunks.js';

const trials = (count: number): OpenTrial[] =>
  Array.from({ length: count }, (_, index) => ({ index, coefficients: { sample: [1], noise: [1] }, missing: null }));
const pictureKeys = (chunks: OpenTrial[][], pictures: number): string[] =>
  chunks
    .flat()
    .flatMap((trial) =>
      (trial.missing ?? Array.from({ length: pictures }, (_, i) => i)).map((picture) => `${trial.index}|${picture}`),
    );

describe('chunks of a batch', () => {
  it('hold every missing picture exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2000 }), (count, pictures) => {
        const keys = pictureKeys(chunksOf(trials(count), pictures), pictures);
        expect(keys).toHaveLength(count * pictures);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 60 },
    );
  });

  it('keep within a trial what is missing of it', () => {
    const open = [{ ...trials(1)[0]!, missing: Array.from({ length: 45 }, (_, i) => 2 * i) }];
    expect(pictureKeys(chunksOf(open, 90), 90)).toEqual(open[0]!.missing.map((picture) => `0|${picture}`));
  });

  it('give two workers something to do as soon as there is enough', () => {
    expect(chunksOf(trials(1), 19)).toHaveLength(1);
    expect(chunksOf(trials(1), 40)).toHaveLength(2);
    expect(chunksOf(trials(2), 40)).toHaveLength(2);
    expect(chunksOf(trials(8), 40).length).toBeGreaterThan(1);
  });

  it('never lose more than 320 pictures with a worker, and shrink towards the end', () => {
    const sizes = chunksOf(trials(121), 40).map((chunk) => chunk.length);
    expect(Math.max(...sizes) * 40).toBeLessThanOrEqual(320);
    expect(sizes.at(-1)).toBeLessThanOrEqual(2);
    expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes);
  });

  it('cut a candidate whose terms would not fit one payload', () => {
    for (const count of [1, 2, 5]) {
      const chunks = chunksOf(trials(count), 6000);
      expect(chunks.every((chunk) => chunk.length === 1 && chunk[0]!.missing!.length <= 1000)).toBe(true);
      expect(pictureKeys(chunks, 6000)).toHaveLength(count * 6000);
    }
  });

  it('come in waves that fit a history, every chunk once and in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 9000 }), (count, pictures) => {
        const chunks = chunksOf(trials(count), pictures);
        const waves = wavesOf(chunks, pictures);
        expect(waves.flat()).toEqual(chunks);
        for (const wave of waves) expect(pictureKeys(wave, pictures).length).toBeLessThanOrEqual(20_000);
      }),
      { numRuns: 30 },
    );
    expect(wavesOf(chunksOf(trials(121), 40), 40)).toHaveLength(1);
  });
});
