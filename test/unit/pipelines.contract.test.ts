/**
 * Equal by contract: every pipeline kind with a checkpoint here, in this process and behind a server that has the same
 * checkpoint. Same seeds and candidates give the same latents and images, and as many rows are computed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Coefficients } from '../../contract/coefficients.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';
import { schedulerOf } from '../../diffusion/scheduler-of.js';
import { createSampler } from '../../inference/engine/sampler.js';
import { sampleBlock } from '../../inference/engine/sampling-loop.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { modelRoots } from '../../inference/models/model-roots.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import type { Pipeline } from '../../inference/pipelines/pipeline.js';
import { describeServer } from '../../inference/served/describe-server.js';
import { usualType } from '../../inference/usual-sampling.js';
import { imageFromPlanar } from '../../metrics/images/image.js';
import { createModelServer, describeFolder, type ModelServer } from '../model-server/model-server.js';
import { FIXTURES } from '../parity/pipeline-goldens.js';

/** Rows per call. */
const BATCH = 4;
const ROOTS = [FIXTURES, ...modelRoots()];
const PAIRS = [
  { text: 'a red circle', seed: 0 },
  { text: 'a blue square', seed: 0 },
  { text: 'a red circle', seed: 1 },
];
const WHICH = PAIRS.map((_, pair) => pair);

/** The baseline; one that leaves it after the first call; one that leaves that one in the last step. */
const CANDIDATES: readonly Coefficients[] = [
  { sample: [1, 1], noise: [1, 1] },
  { sample: [0.97, 1], noise: [1.02, 1] },
  { sample: [0.97, 1.01], noise: [1.02, 0.98] },
];
/** Rows without sharing are candidates x pairs x steps = 18: the first call is that of all, the second that of two. */
const ROWS = PAIRS.length + 2 * PAIRS.length;

/** What one side made. */
interface Made {
  readonly states: readonly Float32Array[];
  readonly images: readonly Uint8Array[];
  readonly rows: number;
}

/** Largest difference of two lists of latents. */
const apart = (one: readonly Float32Array[], other: readonly Float32Array[]): number =>
  Math.max(...one.map((row, r) => row.reduce((most, value, i) => Math.max(most, Math.abs(value - other[r]![i]!)), 0)));

describe.each([
  { name: 'sd15', precision: 'fp32', dtype: 'F32' },
  { name: 'sd15', precision: 'w8a8', dtype: 'F32' },
  { name: 'lcm', precision: 'fp32', dtype: 'F32' },
  { name: 'sdxl', precision: 'fp32', dtype: 'F32' },
  { name: 'flux', precision: 'fp32', dtype: 'F32' },
  { name: 'flux-dev', precision: 'fp32', dtype: 'F32' },
  { name: 'sd3', precision: 'fp32', dtype: 'F32' },
  { name: 'consistency', precision: 'fp32', dtype: 'F32' },
  { name: 'shapes', precision: 'w4a8', dtype: 'F32' },
  { name: 'shapes', precision: 'fp32', dtype: 'F16' },
  { name: 'shapes-flow', precision: 'w4a8', dtype: 'F32' },
] as const)('$name $precision, latents as $dtype', ({ name, precision, dtype }) => {
  const root = mkdtempSync(join(tmpdir(), 'qsched-contract-'));
  const model = openModelFolder(name, precision, ROOTS);
  let behind: ModelServer;
  let here: Pipeline;
  let there: Pipeline;

  beforeAll(async () => {
    behind = createModelServer(name, { ...(await describeFolder(name, ROOTS, BATCH)), dtype }, ROOTS, {}, BATCH);
    await new Promise<void>((done) => behind.server.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(behind.server.address() as AddressInfo).port}`;
    mkdirSync(join(root, 'behind'));
    writeFileSync(join(root, 'behind', 'server.json'), JSON.stringify({ address, timeoutSeconds: 30, retries: 1 }));
    await describeServer(join(root, 'behind'), { allow: false, say: () => undefined });
    here = await openPipeline(model, { threads: 1, batch: BATCH });
    there = await openPipeline(openModelFolder('behind', precision, [root]), { threads: 1, batch: BATCH });
  }, 60_000);

  afterAll(async () => {
    await here.release();
    await there.release();
    behind.server.closeAllConnections();
    behind.server.close();
    rmSync(root, { recursive: true });
  });

  async function sampled(pipeline: Pipeline): Promise<Made> {
    const scheduler = schedulerOf(model, { type: usualType(model), steps: 2, eta: 0 });
    const candidates = CANDIDATES.map((one) => ({
      schedule: toWireSchedule(scheduler.schedule(one)),
      pairs: WHICH,
    }));
    const before = pipeline.rows.denoiser;
    const { states } = await sampleBlock(createSampler(pipeline), candidates, PAIRS, WHICH);
    const rows = pipeline.rows.denoiser - before;
    const images = (await pipeline.decode(states)).map((planar) => {
      const side = Math.sqrt(planar.length / 3);
      return imageFromPlanar(planar, side, side).data;
    });
    return { states, images, rows };
  }

  test('has equal latents, images and rows, with trajectories shared', async () => {
    const [one, other] = [await sampled(here), await sampled(there)];
    expect(one.states).toHaveLength(CANDIDATES.length * PAIRS.length);
    if (dtype === 'F32') {
      expect(other.states).toEqual(one.states);
      expect(other.images).toEqual(one.images);
    } else {
      // Two steps, and inputs and outputs rounded to 11 digits.
      expect(apart(other.states, one.states)).toBeLessThan(0.02);
      expect(apart(other.states, one.states)).toBeGreaterThan(0);
    }
    expect(other.rows).toBe(ROWS);
    expect(one.rows).toBe(ROWS);
  });

  test('describes itself as the folder does', () => {
    expect(there.latentShape).toEqual(here.latentShape);
    expect(there.batches).toEqual(here.batches);
  });

  test('gives a row the same outputs wherever it is in a call', async () => {
    const { denoiser } = here.batches;
    const length = here.latentShape.reduce((a, b) => a * b, 1);
    const latents = Array.from({ length: denoiser + 1 }, (_, r) =>
      Float32Array.from({ length }, (_value, i) => Math.sin(r + i)),
    );
    const texts = latents.map((_, r) => PAIRS[r % 2]!.text);
    for (const pipeline of [here, there]) {
      const conditioning = await pipeline.encode(texts);
      const calls = behind.calls.denoise;
      const all = await pipeline.denoise(latents, 500, conditioning);
      if (pipeline === there) expect(behind.calls.denoise - calls).toBe(2);
      const last = await pipeline.denoise([latents[denoiser]!], 500, [conditioning[denoiser]!]);
      expect(apart(last, [all[denoiser]!])).toBeLessThan(1e-5);
    }
  });

  test('takes what texts are conditioned on from another network of the model', async () => {
    const latents = [new Float32Array(here.latentShape.reduce((a, b) => a * b, 1)).fill(0.3)];
    const options = { threads: 1, batch: BATCH };
    const outputs = [here, there].map(async (pipeline) => {
      const again =
        pipeline === here
          ? await openPipeline(model, options)
          : await openPipeline(openModelFolder('behind', precision, [root]), options);
      const conditioning = await again.encode([PAIRS[0]!.text]);
      const expected = await again.denoise(latents, 700, conditioning);
      expect(await pipeline.denoise(latents, 700, conditioning)).toEqual(expected);
      await again.release();
      return expected[0]!;
    });
    const [one, other] = await Promise.all(outputs);
    expect(apart([one!], [other!])).toBeLessThan(dtype === 'F16' ? 0.02 : 1e-7);
  });

  test('stops between two calls when it is cancelled, and works afterwards', async () => {
    const stop = new Error('cancelled');
    const count = 3 * here.batches.denoiser;
    const length = here.latentShape.reduce((a, b) => a * b, 1);
    const latents = Array.from({ length: count }, (_, r) => new Float32Array(length).fill(r / count));
    for (const pipeline of [here, there]) {
      const [conditioning] = await pipeline.encode([PAIRS[0]!.text]);
      const all = latents.map(() => conditioning!);
      const before = pipeline.rows.denoiser;
      let looked = 0;
      const checkpoint = (): Promise<void> => ((looked += 1) === 1 ? Promise.resolve() : Promise.reject(stop));
      await expect(pipeline.denoise(latents, 999, all, checkpoint)).rejects.toBe(stop);
      expect(pipeline.rows.denoiser - before).toBeLessThan(count);
      expect(await pipeline.denoise(latents.slice(0, 1), 999, all.slice(0, 1))).toHaveLength(1);
    }
  });

  test('goes on where its networks were closed in between: encoders here, the whole server there', async () => {
    const latents = [new Float32Array(here.latentShape.reduce((a, b) => a * b, 1)).fill(0.5)];
    for (const [pipeline, close] of [
      [here, () => here.releaseEncoders()],
      [there, () => Promise.resolve(void (behind.faults.forget = true))],
    ] as const) {
      const conditioning = await pipeline.encode([PAIRS[1]!.text]);
      const before = await pipeline.denoise(latents, 999, conditioning);
      await close();
      expect(await pipeline.denoise(latents, 999, conditioning)).toEqual(before);
      expect(await pipeline.denoise(latents, 999, await pipeline.encode([PAIRS[1]!.text]))).toEqual(before);
    }
  });
});
