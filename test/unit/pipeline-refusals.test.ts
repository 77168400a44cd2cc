/** Folders and options that pipelines with a UNet refuse, each with its sentence. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { openModelFolder, type ModelFolder } from '../../inference/models/model-folder.js';
import { checkNetwork } from '../../inference/models/network-file.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { model, value } from './onnx-bytes.js';

const FIXTURES = join(packageRoot(), 'test', 'fixtures', 'pipelines');
const root = mkdtempSync(join(tmpdir(), 'qsched-refusals-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => rmSync(join(root, 'copy'), { recursive: true, force: true }));

const copy = (family: string): string => {
  cpSync(join(FIXTURES, family), join(root, 'copy'), { recursive: true });
  return join(root, 'copy');
};
const open = (options: PipelineOptions = {}): ModelFolder => openModelFolder('copy', 'fp32', [root], options);
const refusal = (action: () => unknown): QschedError => {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(QschedError);
    expect(error).toMatchObject({ code: 'usage', final: true });
    expect((error as QschedError).hint).not.toBe('');
    return error as QschedError;
  }
  throw new Error('nothing was refused');
};
const edit = (file: string, change: (config: Record<string, unknown>) => object): void =>
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)));

const without =
  (key: string) =>
  (config: Record<string, unknown>): object =>
    Object.fromEntries(Object.entries(config).filter(([name]) => name !== key));

describe('sizes', () => {
  test.each([
    [
      { height: 72 },
      'A height of 72 pixels',
      'must be a multiple of 16 (8 of the VAE, times 2 of the UNet',
      'nearest is 80',
    ],
    [{ width: 100 }, 'A width of 100 pixels', 'must be a multiple of 16', 'nearest is 96'],
    [{ height: 4 }, 'A height of 4 pixels', 'must be a multiple of 16', 'nearest is 16'],
  ])('%j', (options, what, rule, hint) => {
    copy('sd15');
    const error = refusal(() => open(options));
    expect(error.message).toContain(what);
    expect(error.message).toContain(rule);
    expect(error.hint).toContain(hint);
  });

  test('of a UNet that fixes them are the only ones', () => {
    const folder = copy('sd15');
    const inputs = [
      value('sample', 'float32', ['b', 4, 8, 8]),
      value('encoder_hidden_states', 'float32', ['b', 77, 32]),
    ];
    writeFileSync(join(folder, 'unet/model.onnx'), model({ inputs, outputs: [value('out_sample', 'float32', ['b'])] }));
    expect(open({ height: 64, width: 64 }).latentShape).toEqual([4, 8, 8]);
    expect(refusal(() => open({ width: 128 })).message).toContain('has a fixed width of 64 pixels: a width of 128');
    edit(join(folder, 'unet/config.json'), without('sample_size'));
    expect(open().latentShape).toEqual([4, 8, 8]);
  });

  test('that nothing states are asked for, unless they are given', () => {
    const folder = copy('sd15');
    edit(join(folder, 'unet/config.json'), without('sample_size'));
    expect(refusal(() => open()).message).toContain('needs "in_channels" and "sample_size"');
    expect(open({ height: 64, width: 96 }).latentShape).toEqual([4, 8, 12]);
  });
});

describe('options', () => {
  test.each<[string, PipelineOptions, string]>([
    ['sd15', { guidance: 101 }, 'guidance is 101; it must be from 0 to 100.'],
    ['sd15', { negativePrompt: 'blurry' }, 'A negative prompt is read only with a guidance above 1'],
    ['sdxl', { guidance: 1, negativePrompt: '' }, 'A negative prompt is read only with a guidance above 1'],
    ['lcm', { negativePrompt: 'blurry' }, 'A latent consistency model does not take the option negativePrompt'],
    ['lcm', { sequenceLength: 77 }, 'A latent consistency model does not take the option sequenceLength'],
    ['sdxl', { sequenceLength: 77 }, 'Stable Diffusion XL does not take the option sequenceLength'],
    ['consistency', { guidance: 2 }, 'An unconditional model does not take the option guidance: it takes no text.'],
    ['consistency', { negativePrompt: '' }, 'An unconditional model does not take the option negativePrompt'],
  ])('%s with %j', (family, options, message) => {
    copy(family);
    expect(refusal(() => open(options)).message).toContain(message);
  });
});

describe('folders', () => {
  test('a refiner is no text-to-image model', () => {
    rmSync(join(copy('sdxl'), 'text_encoder'), { recursive: true });
    expect(refusal(() => open()).message).toBe(
      `${join(root, 'copy')} is a refiner of Stable Diffusion XL, which refines images of a base model and is no text-to-image model.`,
    );
  });

  test('an inpainting UNet takes more than the latent', () => {
    edit(join(copy('sd15'), 'unet/config.json'), (config) => ({ ...config, in_channels: 9 }));
    expect(refusal(() => open()).message).toContain('takes 9 channels and gives 4: it is a UNet for inpainting');
  });

  test('encoders without hidden states', () => {
    const folder = copy('sdxl');
    const outputs = [value('text_embeds', 'float32', ['b', 20]), value('last_hidden_state', 'float32', ['b', 77, 24])];
    writeFileSync(join(folder, 'text_encoder_2/model.onnx'), model({ outputs }));
    const error = refusal(() => open());
    expect(error.message).toBe(
      `${join(folder, 'text_encoder_2/model.onnx')} does not give the states before its last layer (the output hidden_states.2).`,
    );
    expect(error.hint).toContain('--task text-to-image');
  });

  test('an LCM whose dimension of the embedding nothing states', () => {
    const folder = copy('lcm');
    edit(join(folder, 'unet/config.json'), (config) => ({ ...config, time_cond_proj_dim: null }));
    const inputs = ['sample', 'timestep', 'encoder_hidden_states', 'timestep_cond'];
    writeFileSync(
      join(folder, 'unet/model.onnx'),
      model({ inputs: inputs.map((name) => value(name, 'float32', ['b', 'n'])), outputs: [] }),
    );
    expect(refusal(() => open()).message).toContain('needs "time_cond_proj_dim", the length of timestep_cond.');
  });

  test('a consistency model of latents without its VAE, or with class labels', () => {
    const folder = copy('consistency');
    edit(join(folder, 'unet/config.json'), (config) => ({ ...config, in_channels: 4, out_channels: 4 }));
    expect(refusal(() => open()).message).toContain('samples 4 channels, which is no image');
    edit(join(folder, 'unet/config.json'), (config) => ({ ...config, in_channels: 3, out_channels: 3 }));
    const inputs = [
      value('sample', 'float32', ['b', 3, 32, 32]),
      value('timestep', 'float32', []),
      value('class_labels', 'int64', ['b']),
    ];
    writeFileSync(join(folder, 'unet/model.onnx'), model({ inputs, outputs: [] }));
    const labelled = open();
    const error = refusal(() => labelled.networks.forEach((network) => checkNetwork(folder, network)));
    expect(error.message).toContain('the input "class_labels" is unknown');
    expect(error.hint).toContain('Class-conditional models are not supported');
  });

  test.each(['unet/config.json', 'vae_decoder/config.json', 'vae_decoder/model.onnx', 'text_encoder_2/model.onnx'])(
    'without %s',
    (file) => {
      const folder = copy('sdxl');
      rmSync(join(folder, file));
      expect(refusal(() => open()).message).toContain(`${folder} lacks ${file}.`);
    },
  );
});

describe('the scale of a VAE', () => {
  const scaled = (change: (config: Record<string, unknown>) => object) => {
    const folder = copy('sd15');
    edit(join(folder, 'vae_decoder/config.json'), change);
    const { preprocessing, notes } = open();
    return { preprocessing, notes };
  };

  test('of a config without it is the default of AutoencoderKL, and says so', () => {
    expect(scaled(without('scaling_factor'))).toEqual({
      preprocessing: { vaeScale: 1 },
      notes: ["vae_decoder/config.json has no scaling_factor: 0.18215, AutoencoderKL's default."],
    });
  });

  test('of AutoencoderTiny is 1', () => {
    const tiny = scaled((config) => ({ ...without('scaling_factor')(config), _class_name: 'AutoencoderTiny' }));
    expect(tiny).toEqual({ preprocessing: {}, notes: [] });
  });

  test('that a config states is used', () => {
    expect(scaled((config) => ({ ...config, scaling_factor: 0.5 }))).toEqual({ preprocessing: {}, notes: [] });
  });
});

test('a flat folder without configs has the usual values of its family, and says so', () => {
  const folder = copy('sd15');
  for (const name of ['unet', 'vae_decoder', 'text_encoder']) {
    cpSync(join(folder, name, 'model.onnx'), join(folder, `${name}_model.onnx`));
    rmSync(join(folder, name), { recursive: true });
  }
  rmSync(join(folder, 'model_index.json'));
  const flat = open();
  expect(flat.latentShape).toEqual([4, 64, 64]);
  expect(flat.notes).toEqual([
    'There is no unet/config.json: images are 512 x 512 pixels, the usual size of the family.',
    'There is no vae_decoder/config.json: scaling_factor 0.18215, the usual one of the family.',
  ]);
  expect(open({ height: 64, width: 64 }).notes).toHaveLength(1);
});

test("Stable Diffusion XL whose UNet takes timestep_cond has LCM's guidance", () => {
  const folder = copy('sdxl');
  const names = ['sample', 'timestep', 'encoder_hidden_states', 'text_embeds', 'time_ids'];
  const inputs = [
    ...names.map((name) => value(name, 'float32', ['b', 'n'])),
    value('timestep_cond', 'float32', ['b', 256]),
  ];
  writeFileSync(
    join(folder, 'unet/model.onnx'),
    model({ inputs, outputs: [value('out_sample', 'float32', ['b', 'n'])] }),
  );
  const { pipeline, networks, notes } = open({ height: 64, width: 96 });
  expect(pipeline).toBe('sdxl');
  expect(networks.find(({ role }) => role === 'denoiser')!.inputs).toMatchObject({
    text_embeds: { shape: [null] },
    time_ids: { shape: [6] },
    timestep_cond: { shape: [256] },
  });
  expect(notes!.join(' ')).toContain('The guidance scale embedded in timestep_cond is 8.5');
  expect(open({ guidance: 4 }).notes).toEqual([]);
  expect(refusal(() => open({ negativePrompt: 'blurry' })).message).toContain(
    'its guidance is distilled into the UNet',
  );
});
