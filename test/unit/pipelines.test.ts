/** Pipelines are kinds: a second one takes a file (tiny-pipeline.ts) and a line of the registry. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { hashOf } from '../../artefacts/artefact-keys.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { fingerprintOf } from '../../inference/fingerprint.js';
import { listPrecisions, openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import type { PipelineKind } from '../../inference/pipelines/pipeline-kind.js';
import { writeTiny } from './tiny-pipeline.js';

vi.mock('../../inference/pipelines/kinds.js', async (original) => {
  const { PIPELINE_KINDS } = await original<{ PIPELINE_KINDS: Record<string, PipelineKind> }>();
  const { tiny } = await import('./tiny-pipeline.js');
  return { PIPELINE_KINDS: { tiny, ...PIPELINE_KINDS } };
});

const root = mkdtempSync(join(tmpdir(), 'qsched-pipelines-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
writeTiny(join(root, 'toy'));
const toy = (options: PipelineOptions = {}) => openModelFolder('toy', 'fp32', [root], options);
const shapes = (precision = 'w4a8', options: PipelineOptions = {}) =>
  openModelFolder('shapes', precision, [join(packageRoot(), 'models')], options);

describe('a second kind', () => {
  test('is known by what its folder holds', () => {
    expect(listPrecisions(join(root, 'toy'))).toEqual(['fp32']);
    expect(toy()).toMatchObject({ pipeline: 'tiny', latentShape: [2, 2, 2], precisions: ['fp32'], options: {} });
    expect(shapes()).toMatchObject({ pipeline: 'sd15', latentShape: [6, 8, 8] });
    expect(() => listPrecisions(root)).toThrow(`${root} lacks unet/model.onnx or transformer/model.onnx.`);
  });

  test('encodes, denoises and decodes, a batch at a time', async () => {
    const pipeline = await openPipeline(toy(), { threads: 1, batch: 2 });
    const conditioning = await pipeline.encode(['a', 'bcd', '']);
    const latents = [0, 1, 2].map((i) => Float32Array.from({ length: 8 }, (_, j) => i + j));
    const rows = await pipeline.denoise(latents, 500, conditioning);
    expect(rows).toEqual(
      [1, 3, 0].map((length, i) => Float32Array.from({ length: 8 }, (_, j) => (i + j) / 2 + length)),
    );
    expect(pipeline.rows).toEqual({ denoiser: 3, padded: 4 });
    const [image] = await pipeline.decode(latents.slice(1, 2));
    expect([...image!]).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
    await pipeline.release();
  });

  test('gets its options, and its batches by its own sizes', async () => {
    const model = toy({ height: 4, width: 1, guidance: 2 });
    const pipeline = await openPipeline(model, { threads: 1 });
    expect(pipeline.latentShape).toEqual([2, 4, 1]);
    expect(pipeline.batches).toEqual({ text: 1, denoiser: 1, decoder: 20, scorer: 20 });
    expect((await pipeline.encode(['abc']))[0]!.tensors[0]).toEqual(Float32Array.of(6));
    await pipeline.release();
  });
});

describe('options', () => {
  test('enter the identity of a network only if they are given', async () => {
    const identity = async (options: PipelineOptions) => {
      const { files, numeric, network } = await fingerprintOf(toy(options), { batch: 2 });
      const plain = { files, precision: 'fp32', numeric };
      expect(network).toBe(hashOf(Object.keys(options).length === 0 ? plain : { ...plain, options }));
      return network;
    };
    const all = [{}, { height: 2 }, { guidance: 1 }, { guidance: 2 }, { negativePrompt: '' }, { sequenceLength: 77 }];
    const found = await Promise.all(all.map(identity));
    expect(new Set(found).size).toBe(all.length);
  });

  test.each([
    [{ height: 8 }, 'has a fixed height of 32 pixels: a height of 8 cannot be sampled.'],
    [{ width: 8 }, 'has a fixed width of 32 pixels: a width of 8 cannot be sampled.'],
    [{ guidance: -1 }, 'guidance is -1; it must be from 0 to 100.'],
    [
      { guidance: 1, negativePrompt: 'x' },
      'A negative prompt is read only with a guidance above 1, and guidance is 1.',
    ],
    [{ negativePrompt: 'x' }, 'A negative prompt is read only with a guidance above 1, and guidance is not given.'],
    [{ sequenceLength: 77 }, 'A Stable Diffusion model does not take the option sequenceLength: its text encoder has'],
  ])('that Stable Diffusion cannot be sampled with are refused: %j', (options, message) => {
    expect(() => shapes('w4a8', options)).toThrow(message);
  });
});

describe('the bundled model', () => {
  const TEXTS = Array.from({ length: 23 }, (_, i) => `a red circle, number ${i}`);
  const latents = TEXTS.map((prompt, seed) => gaussianNoise({ seed, prompt, stepIndex: 0, length: 6 * 8 * 8 }));

  test('has the files and the identity that it had in 0.1.0', async () => {
    const model = shapes();
    expect(model.files).toEqual([
      'model_index.json',
      'tokenizer/tokenizer.json',
      'tokenizer/tokenizer_config.json',
      'text_encoder/model.onnx',
      'unet/config.json',
      'unet/model_w4a8.onnx',
      'vae_decoder/model.onnx',
      'vae_decoder/config.json',
      'scheduler/scheduler_config.json',
    ]);
    const { files, numeric, network, preprocessing } = await fingerprintOf(model, {});
    expect(Object.keys(files)).toEqual(model.files);
    expect(numeric).toEqual({
      provider: 'cpu',
      onnxruntime: expect.stringMatching(/^1\./),
      instructions: expect.any(String),
      batch: 20,
    });
    expect(network).toBe(hashOf({ files, precision: 'w4a8', numeric }));
    expect(preprocessing).toEqual({});
  });

  test('gives a row equal bits whatever its neighbours, also after its text encoder was released', async () => {
    const pipeline = await openPipeline(shapes(), { threads: 1 });
    const conditioning = await pipeline.encode(TEXTS);
    await pipeline.releaseEncoders();
    const alone = await pipeline.encode([TEXTS[21]!]);
    expect(alone[0]).toEqual(conditioning[21]);
    expect(conditioning[0]!.bytes).toBe(conditioning[0]!.tensors[0]!.byteLength);
    const outputs = await pipeline.denoise(latents, 999, conditioning);
    expect(await pipeline.denoise([latents[21]!], 999, alone)).toEqual([outputs[21]]);
    expect(pipeline.rows).toEqual({ denoiser: 24, padded: 60 });
    const images = await pipeline.decode(latents);
    expect(images[0]).toHaveLength(3 * 32 * 32);
    expect(await pipeline.decode([latents[21]!])).toEqual([images[21]]);
    await pipeline.release();
  });

  test('stops between network calls', async () => {
    const pipeline = await openPipeline(shapes(), { threads: 1, batch: 8 });
    let calls = 0;
    const stopAtSecond = (): Promise<void> => {
      calls += 1;
      return calls === 2 ? Promise.reject(new Error('stopped')) : Promise.resolve();
    };
    await expect(pipeline.encode(TEXTS, stopAtSecond)).rejects.toThrow('stopped');
    expect(calls).toBe(2);
    await pipeline.release();
  });
});
