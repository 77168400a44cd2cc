/** How much a block holds, and that nothing holds more than it is allowed to. */
import { expect, test } from 'vitest';
import type { WireSchedule } from '../../contract/wire/schedule.js';
import {
  createGenerator,
  generateBlocks,
  pairsPerBlock,
  type Generator,
} from '../../inference/engine/generate-blocks.js';
import { fakePipeline, type FakePipeline } from './fake-pipeline.js';

const MEBIBYTE = 1024 * 1024;
const BUDGET = { latents: 256 * MEBIBYTE, images: 512 * MEBIBYTE };
const SCHEDULE: WireSchedule = {
  scheduler: 'tcd',
  initNoiseSigma: 1,
  steps: [{ kind: 'fused', timestep: 999, inputScale: 1, a: 0.5, b: 1, d: 0, n: 0 }],
};

test('a block is as large as latents and images allow', () => {
  // 4 x 128 x 128 and 1024 x 1024: images decide; 4 x 8 x 8 and 32 x 32: latents do.
  const [large, small] = [4 * 128 * 128, 4 * 8 * 8];
  expect(pairsPerBlock(1, large, 3 * 1024 * 1024, BUDGET, 1)).toBe(170);
  expect(pairsPerBlock(4, large, 3 * 1024 * 1024, BUDGET, 1)).toBe(42);
  expect(pairsPerBlock(8, small, 3 * 32 * 32, BUDGET, 1)).toBe(Math.floor((256 * MEBIBYTE) / (8 * small * 12)));
  expect(pairsPerBlock(10_000, large, 3 * 1024 * 1024, BUDGET, 20)).toBe(1);
  // Whole network calls if there is room for one.
  expect(pairsPerBlock(1, large, 3 * 1024 * 1024, BUDGET, 20)).toBe(160);
  expect(pairsPerBlock(10, large, 3 * 1024 * 1024, BUDGET, 20)).toBe(17);
});

/** A generator with room for so many bytes of images, on a pipeline whose images are 4 x 4. */
function fakeGenerator(images: number): { generator: Generator; pipeline: FakePipeline; log: string[] } {
  const log: string[] = [];
  const pipeline = fakePipeline({
    onCall: (network, about) => {
      if (network !== 'denoise') log.push(`${network} ${String(about)}`);
    },
  });
  const generator = createGenerator(pipeline, () => false, { latents: 1e9, images });
  generator.imageBytes = 3 * 16;
  return { generator, pipeline, log };
}

const pairs = Array.from({ length: 10 }, (_, i) => ({ text: 'a', seed: i }));
const candidate = { schedule: SCHEDULE, pairs: pairs.map((_, i) => i) };

test('images are decoded one batch at a time, and a block is visited before the next one is generated', async () => {
  const { generator, log } = fakeGenerator(3 * 16 * 6);
  await generateBlocks(generator, [candidate], pairs, {}, async (generated) => {
    log.push(`visit ${generated.map(({ at }) => at).join()}`);
    for (const { image } of generated) expect(image).toMatchObject({ width: 4, height: 4 });
  });
  expect(log).toEqual(['encode a', 'decode 4', 'visit 0,1,2,3', 'decode 4', 'visit 4,5,6,7', 'decode 2', 'visit 8,9']);
});

test('the size of an image is learned from the first one', async () => {
  const { generator, log } = fakeGenerator(3 * 16 * 6);
  generator.imageBytes = 3 * 16 * 6;
  await generateBlocks(
    generator,
    [candidate],
    pairs,
    {},
    async (generated) => void log.push(`visit ${generated.length}`),
  );
  expect(log.slice(1)).toEqual([
    'decode 1',
    'visit 1',
    'decode 4',
    'visit 4',
    'decode 4',
    'visit 4',
    'decode 1',
    'visit 1',
  ]);
});

test('what is remembered of a first call does not keep its batch in memory', async () => {
  const { generator } = fakeGenerator(1e9);
  const kept: Float32Array[] = [];
  const { firstCalls } = generator.sampler;
  const set = firstCalls.set.bind(firstCalls);
  firstCalls.set = (key, value) => {
    kept.push(value);
    set(key, value);
  };
  await generateBlocks(generator, [candidate], pairs, {}, async () => undefined);
  expect(kept).toHaveLength(pairs.length);
  for (const value of kept) expect(value.buffer.byteLength).toBe(value.byteLength);
});

test('texts are encoded once, and encoders are released after new texts if that is asked for', async () => {
  const { generator, pipeline, log } = fakeGenerator(1e9);
  const generate = (lean: boolean, texts: readonly string[]) =>
    generateBlocks(
      { ...generator, sampler: { ...generator.sampler, releaseEncoders: () => lean } },
      [{ schedule: SCHEDULE, pairs: texts.map((_, i) => i) }],
      texts.map((text) => ({ text, seed: 0 })),
      {},
      async () => undefined,
    );
  await generate(false, ['a', 'b', 'a']);
  expect(pipeline.released).toBe(0);
  await generate(true, ['a', 'b']);
  expect(pipeline.released).toBe(0);
  await generate(true, ['b', 'c', 'd']);
  expect(pipeline.released).toBe(1);
  expect(log.filter((line) => line.startsWith('encode'))).toEqual(['encode a,b', 'encode c,d']);
});

test('a decoder in float16 that overflows comes with what to use instead', async () => {
  const overflown = (halfDecoder: boolean) => ({
    ...fakePipeline({ planar: () => new Float32Array(3 * 16).fill(Infinity) }),
    halfDecoder,
  });
  for (const half of [true, false]) {
    const failed: unknown[] = [];
    const generator = createGenerator(overflown(half), () => false, { latents: 1e9, images: 1e9 });
    await generateBlocks(
      generator,
      [{ schedule: SCHEDULE, pairs: [0] }],
      [{ text: 'a', seed: 0 }],
      {},
      async (generated) => void failed.push(...generated.map(({ image }) => image)),
    );
    const reason = 'the image has 48 values that are not finite';
    const why = ', and its latent is finite: float16 overflows in the VAE.';
    expect(failed).toEqual([{ failed: half ? expect.stringContaining(reason + why) : reason }]);
  }
});
