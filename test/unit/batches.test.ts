/** Rows per call follow from sizes alone, and what does not fit a machine is refused with its numbers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { planMemory, refuseTooLittleMemory } from '../../inference/memory-plan.js';
import { batchesOf, batchOf, rowsThatFit } from '../../inference/models/batches.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { numericClass, parseNvidia } from '../../inference/models/numeric-class.js';
import { writeTinyStableDiffusion } from './tiny-stable-diffusion.js';

const GIB = 2 ** 30;
const root = mkdtempSync(join(tmpdir(), 'qsched-batches-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
writeTinyStableDiffusion(join(root, 'sd'));

/** The configuration of Stable Diffusion 1.5 at a size in pixels. */
function stableDiffusion(pixels: number) {
  const config = {
    in_channels: 4,
    sample_size: pixels / 8,
    down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
    block_out_channels: [320, 640, 1280, 1280],
    attention_head_dim: 8,
    cross_attention_dim: 768,
  };
  writeFileSync(join(root, 'sd/unet/config.json'), JSON.stringify(config));
  return openModelFolder('sd', 'fp32', [root]);
}

test.each([
  [0, 20],
  [GIB / 5, 20],
  [GIB / 5 + 1, 8],
  [GIB / 2, 8],
  [GIB / 2 + 1, 4],
  [GIB, 4],
  [2 * GIB, 2],
  [4 * GIB, 1],
  [100 * GIB, 1],
])('rows of %d bytes: %d per call', (bytes, rows) => {
  expect(rowsThatFit(bytes)).toBe(rows);
});

test('the bundled model gets 20 everywhere', () => {
  const model = openModelFolder('shapes', 'w4a8', [join(packageRoot(), 'models')]);
  expect(batchesOf(model)).toEqual({ text: 20, denoiser: 20, decoder: 20, scorer: 20 });
  const plan = planMemory(model, {}, 24 * GIB);
  expect(plan.bytes - plan.cacheBytes).toBeLessThan(0.8 * GIB);
  expect(plan).toMatchObject({ takesTurns: false, memoryBytes: 24 * GIB });
});

describe('Stable Diffusion 1.5, measured on a CPU in float32', () => {
  const perRow = (pixels: number, role: string): number =>
    stableDiffusion(pixels).networks.find((network) => network.role === role)!.rowBytes / 1e9;

  test.each([
    ['denoiser', 512, 1.05],
    ['decoder', 256, 0.24],
    ['decoder', 512, 0.96],
    ['decoder', 1024, 5.7],
  ])('a row of the %s at %d pixels takes about %d GB', (role, pixels, gigabytes) => {
    expect(perRow(pixels, role) / gigabytes).toBeGreaterThan(0.9);
    expect(perRow(pixels, role) / gigabytes).toBeLessThan(1.25);
  });

  test.each([
    [256, { text: 20, denoiser: 20, decoder: 8, scorer: 20 }],
    [512, { text: 20, denoiser: 2, decoder: 4, scorer: 20 }],
    [1024, { text: 20, denoiser: 1, decoder: 1, scorer: 20 }],
    [2048, { text: 20, denoiser: 1, decoder: 1, scorer: 4 }],
  ])('at %d pixels', (pixels, batches) => {
    expect(batchesOf(stableDiffusion(pixels))).toEqual(batches);
  });

  test('one number for all networks is taken as it is', () => {
    expect(batchesOf(stableDiffusion(512), 3)).toEqual({ text: 3, denoiser: 3, decoder: 3, scorer: 3 });
  });

  test('what does not fit is refused for good, with what it needs and what there is', () => {
    const model = stableDiffusion(512);
    const plan = (gibibytes: number) => planMemory(model, {}, gibibytes * GIB);
    expect(() => refuseTooLittleMemory('sd fp32', plan(12))).not.toThrow();
    try {
      refuseTooLittleMemory('sd fp32', plan(4));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(QschedError);
      const { code, final, message, hint } = error as QschedError;
      expect({ code, final }).toEqual({ code: 'failure', final: true });
      expect(message).toMatch(
        /^sd fp32 needs about \d+\.\d GB of memory \(\d+\.\d GB of weights; rows per call: text 20, denoiser 2, decoder 4, scorer 20\), and this worker has 4\.3 GB\.$/,
      );
      expect(hint).toContain('--network-batch');
      expect(hint).toContain('npx qsched doctor --model sd --precision fp32');
    }
  });
});

describe('the numeric class', () => {
  const different = { text: 20, denoiser: 2, decoder: 4, scorer: 20 };

  test('has one number if all batches are equal, else all of them', () => {
    expect(batchOf({ text: 8, denoiser: 8, decoder: 8, scorer: 8 })).toBe(8);
    expect(batchOf(different)).toEqual(different);
    expect(numericClass(different)).toMatchObject({ provider: 'cpu', batch: different });
  });

  test('has the instruction set on a CPU, and model and driver on a GPU', () => {
    expect(Object.keys(numericClass(20)).sort()).toEqual(['batch', 'instructions', 'onnxruntime', 'provider']);
    expect(numericClass(20, 'webgpu')).toEqual({
      provider: 'webgpu',
      onnxruntime: expect.any(String),
      gpu: 'unknown',
      driver: 'unknown',
      batch: 20,
    });
    expect(numericClass(20, 'cuda:1')).toMatchObject({ provider: 'cuda', gpu: expect.any(String) });
  });

  test('reads a GPU from nvidia-smi', () => {
    expect(parseNvidia('NVIDIA H100 80GB HBM3, 550.54.15, 81559\n')).toEqual({
      gpu: 'NVIDIA H100 80GB HBM3',
      driver: '550.54.15',
      memoryBytes: 81559 * 2 ** 20,
    });
    expect(parseNvidia('No devices were found')).toBeUndefined();
  });
});
