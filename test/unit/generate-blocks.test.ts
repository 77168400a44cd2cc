/** How much a block holds, and that nothing holds more than it says. */
import { expect, test } from 'vitest';
import type { FusedSchedule } from '../../diffusion/fused.js';
import { drawBlocks, pairsPerBlock, type Drawer } from '../../inference/engine/draw-blocks.js';
import { ByteCache } from '../../inference/models/byte-cache.js';

const MEBIBYTE = 1024 * 1024;
const BUDGET = { latents: 256 * MEBIBYTE, images: 512 * MEBIBYTE };
const BATCH = 4;
const SCHEDULE: FusedSchedule = {
  scheduler: 'tcd',
  initNoiseSigma: 1,
  steps: [{ timestep: 999, inputScale: 1, a: 0.5, b: 1, d: 0, n: 0 }],
};

test('a block is as large as latents and images allow', () => {
  // 4 x 128 x 128 and 1024 x 1024: images decide; 4 x 8 x 8 and 32 x 32: latents do.
  const [large, small] = [4 * 128 * 128, 4 * 8 * 8];
  expect(pairsPerBlock(1, large, 3 * 1024 * 1024, BUDGET, 1)).toBe(170);
  expect(pairsPerBlock(4, large, 3 * 1024 * 1024, BUDGET, 1)).toBe(42);
  expect(pairsPerBlock(8, small, 3 * 32 * 32, BUDGET, 1)).toBe(Math.floor((256 * MEBIBYTE) / (8 * small * 12)));
  expect(pairsPerBlock(10_000, large, 3 * 1024 * 1024, BUDGET, 20)).toBe(1);
  // Whole network calls, where there is room for one.
  expect(pairsPerBlock(1, large, 3 * 1024 * 1024, BUDGET, 20)).toBe(160);
  expect(pairsPerBlock(10, large, 3 * 1024 * 1024, BUDGET, 20)).toBe(17);
});

/** Networks whose rows are views of a batch, as those of ONNX Runtime are. */
function fakeDrawer(images: number): { drawer: Drawer; log: string[] } {
  const log: string[] = [];
  const views = (rows: readonly Float32Array[], length: number): Float32Array[] => {
    const batch = new Float32Array(BATCH * length);
    return rows.map((row, i) => {
      const view = batch.subarray(i * length, (i + 1) * length);
      return view.fill(row[0]!);
    });
  };
  const networks: Drawer['networks'] = {
    latentLength: 4,
    encodeTexts: async (texts) => texts.map(() => new Float32Array(2)),
    denoise: async (inputs) =>
      Array.from({ length: Math.ceil(inputs.length / BATCH) }, (_, b) =>
        views(inputs.slice(b * BATCH, (b + 1) * BATCH), 4),
      ).flat(),
    decode: async (latents) => {
      log.push(`decode ${latents.length}`);
      return views(latents, 3 * 16);
    },
    release: async () => undefined,
  };
  const drawer: Drawer = {
    networks,
    channels: 1,
    latentHeight: 2,
    latentWidth: 2,
    batch: BATCH,
    budget: { latents: 1e9, images },
    imageBytes: 3 * 16,
    textStates: new ByteCache(1e6),
    noises: new ByteCache(1e6),
    firstCalls: new ByteCache(1e6),
  };
  return { drawer, log };
}

const pairs = Array.from({ length: 10 }, (_, i) => ({ text: 'a', seed: i }));
const candidate = { schedule: SCHEDULE, pairs: pairs.map((_, i) => i) };

test('images are decoded a batch at a time, and a block is handed on before the next is drawn', async () => {
  const { drawer, log } = fakeDrawer(3 * 16 * 6);
  await drawBlocks(drawer, [candidate], pairs, {}, async (drawn) => {
    log.push(`visit ${drawn.map(({ at }) => at).join()}`);
    for (const { image } of drawn) expect(image).toMatchObject({ width: 4, height: 4 });
  });
  expect(log).toEqual(['decode 4', 'visit 0,1,2,3', 'decode 4', 'visit 4,5,6,7', 'decode 2', 'visit 8,9']);
});

test('the size of an image is learned from the first one', async () => {
  const { drawer, log } = fakeDrawer(3 * 16 * 6);
  drawer.imageBytes = 3 * 16 * 6;
  await drawBlocks(drawer, [candidate], pairs, {}, async (drawn) => void log.push(`visit ${drawn.length}`));
  expect(log).toEqual(['decode 1', 'visit 1', 'decode 4', 'visit 4', 'decode 4', 'visit 4', 'decode 1', 'visit 1']);
});

test('what is remembered of a first call does not keep its batch', async () => {
  const { drawer } = fakeDrawer(1e9);
  const kept: Float32Array[] = [];
  const set = drawer.firstCalls.set.bind(drawer.firstCalls);
  drawer.firstCalls.set = (key, value) => {
    kept.push(value);
    set(key, value);
  };
  await drawBlocks(drawer, [candidate], pairs, {}, async () => undefined);
  expect(kept).toHaveLength(pairs.length);
  for (const value of kept) expect(value.buffer.byteLength).toBe(value.byteLength);
});
