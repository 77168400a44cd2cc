import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OpenTrial } from '../../contract/payloads.js';
import { chunksOf, wavesOf } from '../../workflows/search/chunks.js';

const trials = (count: number): OpenTrial[] =>
  Array.from({ length: count }, (_, index) => ({ index, coefficients: { sample: [1], noise: [1] }, missing: null }));
const imageKeys = (chunks: OpenTrial[][], images: number): string[] =>
  chunks
    .flat()
    .flatMap((trial) =>
      (trial.missing ?? Array.from({ length: images }, (_, i) => i)).map((image) => `${trial.index}|${image}`),
    );

describe('chunks of a batch', () => {
  it('hold every missing image exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2000 }), (count, images) => {
        const keys = imageKeys(chunksOf(trials(count), images), images);
        expect(keys).toHaveLength(count * images);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 60 },
    );
  });

  it('keep within a trial what is missing of it', () => {
    const open = [{ ...trials(1)[0]!, missing: Array.from({ length: 45 }, (_, i) => 2 * i) }];
    expect(imageKeys(chunksOf(open, 90), 90)).toEqual(open[0]!.missing.map((image) => `0|${image}`));
  });

  it('give two workers something to do as soon as there is enough', () => {
    expect(chunksOf(trials(1), 19)).toHaveLength(1);
    expect(chunksOf(trials(1), 40)).toHaveLength(2);
    expect(chunksOf(trials(2), 40)).toHaveLength(2);
    expect(chunksOf(trials(8), 40).length).toBeGreaterThan(1);
  });

  it('never lose more than 320 images with a worker, and shrink towards the end', () => {
    const sizes = chunksOf(trials(121), 40).map((chunk) => chunk.length);
    expect(Math.max(...sizes) * 40).toBeLessThanOrEqual(320);
    expect(sizes.at(-1)).toBeLessThanOrEqual(2);
    expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes);
  });

  it('cut a candidate whose terms would not fit one payload', () => {
    for (const count of [1, 2, 5]) {
      const chunks = chunksOf(trials(count), 6000);
      expect(chunks.every((chunk) => chunk.length === 1 && chunk[0]!.missing!.length <= 1000)).toBe(true);
      expect(imageKeys(chunks, 6000)).toHaveLength(count * 6000);
    }
  });

  it('come in waves that fit a history, every chunk once and in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 9000 }), (count, images) => {
        const chunks = chunksOf(trials(count), images);
        const waves = wavesOf(chunks, images);
        expect(waves.flat()).toEqual(chunks);
        for (const wave of waves) expect(imageKeys(wave, images).length).toBeLessThanOrEqual(20_000);
      }),
      { numRuns: 30 },
    );
    expect(wavesOf(chunksOf(trials(121), 40), 40)).toHaveLength(1);
  });
});
