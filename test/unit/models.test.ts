/** The bundled models and prompt sets are what their manifest says, small enough, and kept apart. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { listPrecisions, openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { loadT5Tokenizer } from '../../inference/models/t5-tokenizer.js';
import { readPromptSet } from '../../inference/prompts/prompt-sets.js';
import { openScorerFolder } from '../../inference/scorers/scorer-folder.js';

const root = packageRoot();
const roots = [join(root, 'models')];
const manifest = JSON.parse(readFileSync(join(root, 'models', 'manifest.json'), 'utf8')) as Record<
  string,
  { sha256: string; bytes: number }
>;
const filesOf = (folder: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => statSync(join(root, file)).isFile());

describe('the manifest', () => {
  test('names every network and setting, and nothing else', () => {
    const there = [...filesOf('models'), ...filesOf('prompts')].filter(
      (file) => /\.(onnx|json)$/.test(file) && file !== 'models/manifest.json',
    );
    expect(Object.keys(manifest).sort()).toEqual(there.sort());
  });

  test.each(Object.entries(manifest))('%s', (file, { sha256, bytes }) => {
    const content = readFileSync(join(root, file));
    expect(content.length).toBe(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
  });

  test('holds at most 40 MB, with whatever else lies in the folders, and 15 MB of shapes-flow', () => {
    const sizes = [...filesOf('models'), ...filesOf('prompts')].map(
      (file) => [file.startsWith('models/shapes-flow/'), statSync(join(root, file)).size] as const,
    );
    const total = (flow: boolean) => sizes.reduce((sum, [own, size]) => sum + (own === flow ? size : 0), 0);
    expect(total(false)).toBeLessThanOrEqual(40_000_000);
    expect(total(false)).toBeGreaterThan(1_000_000);
    expect(total(true)).toBeLessThanOrEqual(15_000_000);
    expect(total(true)).toBeGreaterThan(1_000_000);
  });
});

describe('the family `shapes`', () => {
  test('has four precisions and two scorers, with folders of their own', () => {
    const model = openModelFolder('shapes', 'w4a8', roots);
    expect(listPrecisions(model.folder)).toEqual(['fp32', 'w4a6', 'w4a8', 'w8a8']);
    const [objective, second] = ['objective', 'second'].map((role) => openScorerFolder(role, model, roots));
    expect(objective!.folder).not.toBe(second!.folder);
    const hashOf = (name: string, file: string) => manifest[`models/${name}/${file}`]!.sha256;
    expect(hashOf(objective!.name, 'vision_model.onnx')).not.toBe(hashOf(second!.name, 'vision_model.onnx'));
    const networks = ['model', 'model_w4a6', 'model_w4a8', 'model_w8a8'].map((name) =>
      hashOf('shapes', `unet/${name}.onnx`),
    );
    expect(new Set(networks).size).toBe(4);
  });
});

describe('the family `shapes-flow`', () => {
  const model = openModelFolder('shapes-flow', 'w4a8', roots);

  test('has four precisions of a FLUX pipeline, and the scorers of `shapes`', () => {
    expect(model).toMatchObject({
      pipeline: 'flux',
      latentShape: [6, 8, 8],
      schedulerConfig: { _class_name: 'FlowMatchEulerDiscreteScheduler', shift: 1, use_dynamic_shifting: false },
      scorers: openModelFolder('shapes', 'w4a8', roots).scorers,
    });
    expect(listPrecisions(model.folder)).toEqual(['fp32', 'w4a6', 'w4a8', 'w8a8']);
    const networks = ['model', 'model_w4a6', 'model_w4a8', 'model_w8a8'].map(
      (name) => manifest[`models/shapes-flow/transformer/${name}.onnx`]!.sha256,
    );
    expect(new Set(networks).size).toBe(4);
  });

  test('has the decoder of `shapes`', () => {
    const [own, other] = ['shapes-flow', 'shapes'].map((name) => manifest[`models/${name}/vae_decoder/model.onnx`]!);
    expect(own).toEqual(other);
  });

  test('takes as many tokens of T5 as its tokenizer states, or as asked for', () => {
    const tokens = (options: PipelineOptions) =>
      openModelFolder('shapes-flow', 'w4a8', roots, options).networks.find(({ role }) => role === 'denoiser')!.inputs[
        'encoder_hidden_states'
      ];
    expect(tokens({})).toEqual({ rows: 'values', shape: [16, null] });
    expect(tokens({ sequenceLength: 24 })).toEqual({ rows: 'values', shape: [24, null] });
  });

  test('cuts no bundled prompt', () => {
    const tokenizer = loadT5Tokenizer(join(model.folder, 'tokenizer_2'), 16);
    for (const name of ['shapes-calibration', 'shapes-select', 'shapes-heldout', 'shapes-eval']) {
      const texts = readPromptSet(name, [join(root, 'prompts')]).map(({ text }) => text);
      expect(tokenizer.truncated(texts)).toBe(0);
    }
  });
});

describe('the prompt sets', () => {
  const least = {
    'shapes-calibration': 64,
    'shapes-select': 128,
    'shapes-heldout': 512,
    'shapes-eval': 2000,
    'general-calibration': 64,
    'general-select': 128,
    'general-heldout': 512,
  };
  const sets = Object.keys(least).map(
    (name) => [name, readPromptSet(name, [join(root, 'prompts')]).map(({ text }) => text)] as const,
  );

  test.each(Object.entries(least))('%s holds at least %i', (name, count) => {
    expect(sets.find(([set]) => set === name)![1].length).toBeGreaterThanOrEqual(count);
  });

  test('share no prompt, however it is written', () => {
    const plain = (text: string) =>
      text
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, ' ')
        .trim();
    const all = sets.flatMap(([, texts]) => texts.map(plain));
    expect(new Set(all).size).toBe(all.length);
  });

  test('of the calibration are long and descriptive', () => {
    const words = (texts: readonly string[]) =>
      texts.reduce((sum, text) => sum + text.split(' ').length, 0) / texts.length;
    const of = (name: string) => words(sets.find(([set]) => set === name)![1]);
    expect(of('shapes-calibration')).toBeGreaterThan(1.3 * of('shapes-eval'));
    expect(of('shapes-calibration')).toBeGreaterThan(15);
    expect(of('general-calibration')).toBeGreaterThan(1.3 * of('general-select'));
    expect(of('general-select')).toBeGreaterThan(1.3 * of('general-heldout'));
  });
});
