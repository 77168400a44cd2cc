/** How work is cut: for the workers that are there, through pairs first, every evaluation once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OpenTrial } from '../../contract/payloads.js';
import { answer, blockImages, outstandingBlocks, recount, startPace, workersOf } from '../../workflows/scoring/pace.js';
import { slabTrials, Work } from '../../workflows/scoring/work.js';

const BATCH = 20;
const trial = (index: number, missing: number[] | null = null): OpenTrial => ({
  index,
  coefficients: { sample: [1 + index / 100], noise: [1] },
  missing,
});

describe('the pace', () => {
  it('counts workers that poll, and those who answered lately if they are more', () => {
    let pace = startPace(2);
    expect(workersOf(pace, 0)).toBe(2);
    for (const worker of ['a', 'b', 'c']) pace = answer(pace, { worker, images: 20, seconds: 1, now: 1000 });
    expect(workersOf(pace, 1000)).toBe(3);
    expect(workersOf(pace, 100_000)).toBe(2);
    expect(workersOf(recount(pace, 5), 1000)).toBe(5);
    expect(workersOf(startPace(0), 0)).toBe(1);
  });

  it('gives every worker one batch where there is one batch for each', () => {
    const pace = answer(startPace(16), { worker: 'a', images: 20, seconds: 1, now: 0 });
    for (let left = 320; left > 0; left -= BATCH) expect(blockImages(pace, left, BATCH, 0)).toBe(BATCH);
  });

  it('makes blocks of 3 s of work, which shrink towards the end to one batch', () => {
    const pace = answer(startPace(4), { worker: 'a', images: 20, seconds: 1, now: 0 });
    expect(blockImages(pace, 16_000, BATCH, 0)).toBe(60);
    expect(blockImages(pace, 320, BATCH, 0)).toBe(40);
    expect(blockImages(pace, 100, BATCH, 0)).toBe(20);
    expect(blockImages(pace, 7, BATCH, 0)).toBe(7);
  });

  it('holds a payload of terms, however fast the workers are', () => {
    const pace = answer(startPace(1), { worker: 'a', images: 1000, seconds: 1e-6, now: 0 });
    expect(blockImages(pace, 1e6, BATCH, 0)).toBe(1000);
  });

  it('keeps every worker busy with one block and one more waiting', () => {
    expect(outstandingBlocks(startPace(16), 0)).toBe(34);
    expect(outstandingBlocks(startPace(1000), 0)).toBe(64);
  });
});

describe('the work', () => {
  it('goes through the pairs: a block has all candidates of its pairs but for its two ends', () => {
    const work = new Work(
      [0, 1, 2, 3, 4, 5, 6, 7].map((i) => trial(i)),
      40,
      8,
    );
    expect(work.left).toBe(320);
    const block = work.take(20);
    expect(block.map(({ pairs }) => pairs)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
    expect(work.take(4).map(({ trial: { index }, pairs }) => [index, pairs])).toEqual([
      [4, [2]],
      [5, [2]],
      [6, [2]],
      [7, [2]],
    ]);
  });

  it('cuts through candidates where pairs alone give no fair share', () => {
    const work = new Work(
      [0, 1, 2, 3].map((i) => trial(i)),
      5,
      slabTrials(16, 1, 5),
    );
    const pace = answer(startPace(16), { worker: 'a', images: 1, seconds: 1, now: 0 });
    const blocks = [];
    while (work.left > 0) blocks.push(work.take(blockImages(pace, work.left, 1, 0)));
    expect(blocks).toHaveLength(20);
  });

  it('gives every missing evaluation out once, in blocks of any size', () => {
    const missing = fc.option(fc.uniqueArray(fc.nat(29), { minLength: 1 }), { nil: null });
    fc.assert(
      fc.property(
        fc.array(missing, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        fc.integer({ min: 1, max: 13 }),
        (lists, sizes, slab) => {
          const trials = lists.map((list, i) => trial(i, list));
          const work = new Work(trials, 30, slab);
          const given: string[] = [];
          for (let i = 0; work.left > 0; i += 1) {
            const size = sizes[i % sizes.length]!;
            const block = work.take(size);
            const images = block.flatMap(({ trial: { index }, pairs }) => pairs.map((pair) => `${index}/${pair}`));
            expect(images.length).toBeGreaterThan(0);
            expect(images.length).toBeLessThanOrEqual(size);
            given.push(...images);
          }
          const wanted = trials.flatMap(({ index, missing: own }) =>
            (own ?? Array.from({ length: 30 }, (_, pair) => pair)).map((pair) => `${index}/${pair}`),
          );
          expect([...given].sort()).toEqual([...wanted].sort());
          expect(work.take(5)).toEqual([]);
        },
      ),
    );
  });

  it('completes the candidates of one slab before the next', () => {
    const work = new Work(
      Array.from({ length: 6 }, (_, i) => trial(i)),
      4,
      3,
    );
    const order: number[] = [];
    while (work.left > 0) order.push(...work.take(5).map(({ trial: { index } }) => index));
    expect(Math.max(...order.slice(0, order.indexOf(3)))).toBe(2);
    expect(order.lastIndexOf(0)).toBeLessThan(order.indexOf(3));
  });
});
