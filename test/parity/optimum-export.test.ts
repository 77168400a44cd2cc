/**
 * The folder that Optimum's own command wrote (optimum-onnx 0.1.0, untouched) and ours, from the same checkpoint: equal
 * networks, and equal to diffusers when they are sampled.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { readGraph } from '../../inference/models/onnx-graph.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { FIXTURES, openFixture, readGolden, sampleGolden } from './pipeline-goldens.js';

const OURS = join(FIXTURES, 'sd15');
const THEIRS = join(FIXTURES, 'sd15-optimum');

const floats = (length: number, step: number): Float32Array =>
  gaussianNoise({ seed: 3, prompt: 'optimum', stepIndex: step, length });

const INPUTS: Readonly<Record<string, Readonly<Record<string, Tensor>>>> = {
  'text_encoder/model.onnx': {
    input_ids: new Tensor(
      'int64',
      BigInt64Array.from({ length: 154 }, (_, i) => BigInt(i % 77 > 40 ? 874 : 3 * i)),
      [2, 77],
    ),
  },
  'unet/model.onnx': {
    sample: new Tensor('float32', floats(2 * 4 * 8 * 12, 0), [2, 4, 8, 12]),
    timestep: new Tensor('float32', [759], []),
    encoder_hidden_states: new Tensor('float32', floats(2 * 77 * 32, 1), [2, 77, 32]),
  },
  'vae_decoder/model.onnx': { latent_sample: new Tensor('float32', floats(4 * 8 * 6, 2), [1, 4, 8, 6]) },
};

test.each(Object.entries(INPUTS))(
  '%s: the same names, types and free axes, results within 1e-4',
  async (file, inputs) => {
    const [ours, theirs] = [readGraph(join(OURS, file)), readGraph(join(THEIRS, file))];
    expect(theirs.inputs).toEqual(ours.inputs);
    expect(theirs.outputs.map(({ name, type }) => [name, type])).toEqual(
      ours.outputs.map(({ name, type }) => [name, type]),
    );
    const results = await Promise.all(
      [OURS, THEIRS].map(async (folder) => {
        const session = await InferenceSession.create(join(folder, file), { intraOpNumThreads: 1 });
        const outputs = await session.run({ ...inputs });
        await session.release();
        return outputs;
      }),
    );
    for (const { name } of ours.outputs) {
      const [a, b] = results.map((outputs) => outputs[name]!.data as Float32Array);
      expect(a!.some((value) => Math.abs(value) > 0.1)).toBe(true);
      expect(a!.reduce((most, value, i) => Math.max(most, Math.abs(value - b![i]!)), 0)).toBeLessThan(1e-4);
    }
  },
);

test('Optimum writes vocab.json and merges.txt, no tokenizer.json; nothing was added for qsched', () => {
  expect(readdirSync(join(THEIRS, 'tokenizer')).sort()).toEqual([
    'merges.txt',
    'special_tokens_map.json',
    'tokenizer_config.json',
    'vocab.json',
  ]);
  expect(existsSync(join(THEIRS, 'qsched.json'))).toBe(false);
  expect(openFixture('sd15-optimum')).toMatchObject({ pipeline: 'sd15', precisions: ['fp32'] });
});

const { prompts, runs } = readGolden('sd15');

test.each(
  runs.filter(({ name }) => /^(tcd-4|euler-4|tcd-2-unicode)$/.test(name)).map((run) => [run.name, run] as const),
)("%s: Optimum's folder sampled, against diffusers", async (_, run) => {
  const found = await sampleGolden('sd15-optimum', run, prompts[run.prompt]!.text);
  expect(found.latents).toBeLessThan(1e-4);
  expect(found.image).toBeLessThanOrEqual(1);
});
