/** Folders of FLUX and Stable Diffusion 3: layouts, options and what is refused, with its sentence. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { inspectNetwork } from '../../inference/describe.js';
import { listPrecisions, openModelFolder } from '../../inference/models/model-folder.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import { ELEMENT, integer, model, node, tensor, value, type Element } from './onnx-bytes.js';

const FIXTURES = join(packageRoot(), 'test', 'fixtures', 'pipelines');
const root = mkdtempSync(join(tmpdir(), 'qsched-transformers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open = (name: string, options: PipelineOptions = {}, folder = FIXTURES) =>
  openModelFolder(name, 'fp32', [folder], options);
const inspect = (name: string, options: PipelineOptions = {}, folder = root) =>
  inspectNetwork({ version: WIRE_VERSION, model: name, precision: 'fp32', options, scorers: [] }, [folder]);
function refusal(action: () => unknown): QschedError {
  try {
    action();
  } catch (error) {
    expect(error).toMatchObject({ name: 'QschedError', code: 'usage' });
    return error as QschedError;
  }
  throw new Error('nothing was refused');
}

describe('options', () => {
  test('the size is the trained one of the autoencoder, or as asked for', () => {
    expect(open('flux').latentShape).toEqual([16, 8, 8]);
    expect(open('flux', { height: 96, width: 128 }).latentShape).toEqual([16, 12, 16]);
    expect(open('sd3').latentShape).toEqual([16, 8, 8]);
    expect(open('sd3', { width: 192 }).latentShape).toEqual([16, 8, 24]);
  });

  test.each<[string, PipelineOptions, string, string]>([
    [
      'flux',
      { height: 1000 },
      'height is 1000: it must be a multiple of 16 (8 of the VAE, times patches of 2).',
      'nearest is 1008',
    ],
    ['flux', { width: 8 }, 'width is 8: it must be a multiple of 16', 'nearest is 16'],
    ['flux', { sequenceLength: 513 }, 'sequenceLength is 513: the model takes at most 512 tokens of T5.', '256'],
    ['flux-dev', { sequenceLength: 600 }, 'sequenceLength is 600', '512'],
    ['flux', { guidance: 3.5 }, 'guidance is 3.5: ', 'Leave guidance out'],
    [
      'flux-dev',
      { negativePrompt: 'x' },
      'FLUX does not take the option negativePrompt: its guidance is distilled',
      'Leave',
    ],
    ['flux-dev', { guidance: -1 }, 'guidance is -1; it must be from 0 to 100.', ''],
    ['sd3', { height: 208 }, 'height is 208: ', '64'],
    ['sd3', { negativePrompt: 'x' }, 'A negative prompt is read only with a guidance above 1', 'guidance above 1'],
    ['sd3', { sequenceLength: 1000 }, 'sequenceLength is 1000', '256'],
  ])('%s with %j is refused', (name, options, message, hint) => {
    const error = refusal(() => open(name, options));
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  test('schnell takes a guidance of 0 or 1, which is none', () => {
    for (const guidance of [0, 1]) expect(open('flux', { guidance }).pipeline).toBe('flux');
  });

  test('T5 gets 256 tokens for schnell, 512 for dev, 256 for SD3, or as many as asked for', () => {
    const lengthOf = (name: string, file: string, options?: PipelineOptions) =>
      open(name, options).networks.find((network) => network.file === file)!.inputs['input_ids'];
    expect(lengthOf('flux', 'text_encoder_2/model.onnx')).toMatchObject({ shape: [256] });
    expect(lengthOf('flux-dev', 'text_encoder_2/model.onnx')).toMatchObject({ shape: [512] });
    expect(lengthOf('sd3', 'text_encoder_3/model.onnx')).toMatchObject({ shape: [256] });
    expect(lengthOf('flux', 'text_encoder_2/model.onnx', { sequenceLength: 77 })).toMatchObject({ shape: [77] });
  });
});

describe('a copy of FLUX', () => {
  const folder = join(root, 'flux');
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(FIXTURES, 'flux'), folder, { recursive: true });
  });
  const path = join(folder, 'transformer', 'model.onnx');
  const edit = (file: string, changes: object): void => {
    const content = JSON.parse(readFileSync(join(folder, file), 'utf8')) as object;
    writeFileSync(join(folder, file), JSON.stringify({ ...content, ...changes }));
  };

  /** A transformer that gives back its patches. */
  function writeTransformer(
    changes: Readonly<Record<string, readonly [Element, readonly (number | string)[]]>> = {},
    output: Element = 'float32',
  ): void {
    const inputs: Record<string, readonly [Element, readonly (number | string)[]]> = {
      hidden_states: ['float32', ['batch', 'patches', 64]],
      encoder_hidden_states: ['float32', ['batch', 'tokens', 32]],
      pooled_projections: ['float32', ['batch', 24]],
      timestep: ['float32', ['batch']],
      img_ids: ['int64', ['patches', 3]],
      txt_ids: ['int64', ['tokens', 3]],
      ...changes,
    };
    writeFileSync(
      path,
      model({
        nodes: [node('Identity', ['hidden_states'], ['out_hidden_states'])],
        inputs: Object.entries(inputs).map(([name, [type, shape]]) => value(name, type, shape)),
        outputs: [value('out_hidden_states', output, ['batch', 'patches', 64])],
      }),
    );
  }

  const LATENTS = [0, 1, 2].map((n) => Float32Array.from({ length: 16 * 64 }, (_, i) => Math.sin(n + i)));
  async function denoised(options: PipelineOptions = {}): Promise<Float32Array[]> {
    const pipeline = await openPipeline(open('flux', options, root), { threads: 1, batch: 2 });
    const conditioning = await pipeline.encode(['a', 'b', 'c']);
    const rows = await pipeline.denoise(LATENTS, 750, conditioning);
    expect(pipeline.rows).toEqual({ denoiser: 3, padded: 4 });
    await pipeline.release();
    return rows.map((row) => row.slice());
  }

  test('with its transformer under unet/ gives the same rows', async () => {
    const rows = await denoised();
    expect(rows[0]).not.toEqual(LATENTS[0]);
    renameSync(join(folder, 'transformer'), join(folder, 'unet'));
    expect(open('flux', {}, root).pipeline).toBe('flux');
    expect(await denoised()).toEqual(rows);
  });

  test('in a flat tree without configs has the usual values of FLUX.1, and gives the same rows', async () => {
    const rows = await denoised();
    for (const component of ['text_encoder', 'text_encoder_2', 'transformer', 'vae_decoder']) {
      renameSync(join(folder, component, 'model.onnx'), join(folder, `${component}_model.onnx`));
      rmSync(join(folder, component), { recursive: true });
    }
    rmSync(join(folder, 'model_index.json'));
    const { pipeline, latentShape, notes, files } = open('flux', {}, root);
    expect({ pipeline, latentShape }).toEqual({ pipeline: 'flux', latentShape: [16, 128, 128] });
    expect(notes).toEqual(['There is no vae_decoder/config.json: scaling_factor 0.3611, the usual one of the family.']);
    expect(files).toContain('text_encoder_2_model.onnx');
    expect(await denoised({ height: 64, width: 64 })).toEqual(rows);
  });

  test('with positions per row, as diffusers before 0.31 exported them, or in other types, is fed', async () => {
    writeTransformer({ img_ids: ['float32', ['batch', 'patches', 3]], txt_ids: ['int64', ['batch', 'tokens', 3]] });
    inspect('flux');
    expect(await denoised()).toEqual(LATENTS);
    writeTransformer({ img_ids: ['float16', ['patches', 3]], txt_ids: ['int32', ['tokens', 3]] });
    inspect('flux');
    expect(await denoised()).toEqual(LATENTS);
  });

  test('whose graph fixes patches or tokens has that size', () => {
    writeTransformer({ hidden_states: ['float32', [1, 36, 64]], encoder_hidden_states: ['float32', [1, 128, 32]] });
    const { latentShape, networks } = open('flux', {}, root);
    expect(latentShape).toEqual([16, 12, 12]);
    expect(networks.find(({ file }) => file.startsWith('text_encoder_2'))!.inputs['input_ids']).toMatchObject({
      shape: [128],
    });
    expect(inspect('flux').latentShape).toEqual([16, 12, 12]);
    expect(refusal(() => inspect('flux', { height: 64, width: 64 })).message).toContain(
      `${path}: the input "hidden_states" has the shape [1, 36, 64]: axis 1 is fed with 16 values.`,
    );
  });

  test.each<[string, Parameters<typeof writeTransformer>, string, string]>([
    [
      'bfloat16 inputs',
      [{ hidden_states: ['bfloat16', ['b', 'p', 64]] }],
      '"hidden_states" has the type bfloat16',
      '--dtype fp16',
    ],
    ['bfloat16 outputs', [{}, 'bfloat16'], 'the output "out_hidden_states" has the type bfloat16', '--dtype fp16'],
    [
      'another rank',
      [{ encoder_hidden_states: ['float32', ['b', 32]] }],
      'qsched feeds 3 axes, the first for rows',
      '',
    ],
    ['other channels', [{ hidden_states: ['float32', ['b', 'p', 128]] }], 'axis 2 is fed with 64 values', ''],
    [
      'a ControlNet',
      [{ controlnet_block_samples: ['float32', ['b', 1]] }],
      '"controlnet_block_samples" is unknown',
      'ControlNet',
    ],
  ])('with %s is refused by file and input', (_, [changes, output], message, hint) => {
    writeTransformer(changes, output);
    const error = refusal(() => inspect('flux'));
    expect(error.message).toContain(path);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  test('whose T5 overflows is named with the text, before an image is NaN', async () => {
    const file = join(folder, 'text_encoder_2', 'model.onnx');
    writeFileSync(
      file,
      model({
        nodes: [
          node('Cast', ['input_ids'], ['ids'], [integer('to', ELEMENT.float32)]),
          node('Log', ['ids'], ['logs']),
          node('Unsqueeze', ['logs', 'axis'], ['last_hidden_state']),
        ],
        tensors: [tensor('axis', { type: 'int64', dims: [1], raw: new Uint8Array(BigInt64Array.of(2n).buffer) })],
        inputs: [value('input_ids', 'int64', ['batch', 'tokens'])],
        outputs: [value('last_hidden_state', 'float32', ['batch', 'tokens', 1])],
      }),
    );
    const pipeline = await openPipeline(open('flux', { sequenceLength: 2 }, root), { threads: 1, batch: 2 });
    // Padding is 0, whose logarithm is -Infinity; a long text has none.
    await expect(pipeline.encode(['a red circle', ''])).rejects.toMatchObject({
      message: `${file} gives values that are not finite for the text "".`,
      final: true,
    });
    await pipeline.release();
  });

  test('whose autoencoder states no size of its own has images of 1024 pixels', () => {
    for (const size of [32, undefined]) {
      edit('vae_decoder/config.json', { sample_size: size });
      expect(open('flux', {}, root).latentShape).toEqual([16, 128, 128]);
    }
    edit('vae_decoder/config.json', { sample_size: 512 });
    expect(open('flux', {}, root).latentShape).toEqual([16, 64, 64]);
  });

  test('with channels that are not whole patches is refused', () => {
    edit('transformer/config.json', { in_channels: 30 });
    expect(refusal(() => open('flux', {}, root)).message).toContain('"in_channels" as a multiple of 4, and has 30');
  });

  test('without T5, or without its tokenizer, names what is missing', () => {
    rmSync(join(folder, 'tokenizer_2', 'tokenizer.json'));
    expect(refusal(() => open('flux', {}, root)).message).toContain(
      'tokenizer_2/tokenizer.json or tokenizer_2/spiece.model',
    );
    rmSync(join(folder, 'text_encoder_2'), { recursive: true });
    expect(refusal(() => open('flux', {}, root)).message).toContain('lacks text_encoder_2/model.onnx');
  });

  test.each([
    ['FLUX.2', 'Flux2Transformer2DModel', 'Qwen3 or Mistral'],
    ['Chroma', 'ChromaTransformer2DModel', 'T5 with an attention mask'],
    ['Z-Image', 'ZImageTransformer2DModel', 'as many rows as the text has tokens'],
    ['Qwen-Image', 'QwenImageTransformer2DModel', 'Qwen2.5-VL'],
    ['SANA', 'SanaTransformer2DModel', 'Gemma 2'],
  ])('of another family is refused by name: %s', (family, className, lacks) => {
    writeFileSync(
      path,
      model({ inputs: [value('x', 'float32', ['b', 2])], outputs: [value('y', 'float32', ['b', 2])] }),
    );
    edit('transformer/config.json', { _class_name: className });
    const error = refusal(() => open('flux', {}, root));
    expect(error.message).toContain(
      `${path} is a ${family} transformer, a family that cannot be sampled yet: it takes `,
    );
    expect(error.message).toContain(lacks);
    expect(error.hint).toMatch(/^Families that can be: .*flux.*sd3/);
  });

  test('of another family and without a config is known by its inputs, else they are listed', () => {
    rmSync(join(folder, 'transformer', 'config.json'));
    const write = (...names: readonly string[]) =>
      writeFileSync(path, model({ inputs: names.map((name) => value(name, 'float32', ['b', 2])), outputs: [] }));
    write('hidden_states', 'encoder_hidden_states', 'timestep', 'img_ids', 'txt_ids');
    expect(refusal(() => open('flux', {}, root)).message).toContain('is a FLUX.2 transformer');
    write('hidden_states', 'encoder_hidden_states', 'timestep', 'img_ids', 'txt_ids', 'attention_mask');
    expect(refusal(() => open('flux', {}, root)).message).toContain('is a Chroma transformer');
    write('x', 'y');
    expect(refusal(() => open('flux', {}, root)).message).toContain(`${path} takes x, y: that is none of the families`);
  });
});

describe('a copy of Stable Diffusion 3', () => {
  const folder = join(root, 'sd3');
  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(FIXTURES, 'sd3'), folder, { recursive: true });
  });

  test('without T5 has zeros in place of its states, if model_index.json names none', async () => {
    for (const name of ['text_encoder_3', 'tokenizer_3']) rmSync(join(folder, name), { recursive: true });
    const error = refusal(() => open('sd3', {}, root));
    expect(error.message).toBe(
      `The model folder ${folder} lacks text_encoder_3/model.onnx: its model_index.json names a T5EncoderModel.`,
    );
    expect(error.hint).toContain('"text_encoder_3": [null, null]');
    const index = JSON.parse(readFileSync(join(folder, 'model_index.json'), 'utf8')) as object;
    writeFileSync(join(folder, 'model_index.json'), JSON.stringify({ ...index, text_encoder_3: [null, null] }));
    const without = open('sd3', {}, root);
    expect(without.notes).toContain('There is no T5 (text_encoder_3): its states are zeros.');
    expect(without.tokenizers).toEqual(['tokenizer', 'tokenizer_2']);
    const statesOf = async (own: typeof without) => {
      const pipeline = await openPipeline(own, { threads: 1, batch: 2 });
      const [conditioning] = await pipeline.encode(['a red circle']);
      await pipeline.release();
      return conditioning!.tensors[0]!;
    };
    const [zeros, whole] = [await statesOf(without), await statesOf(open('sd3'))];
    const clip = 77 * 64;
    expect(zeros.subarray(0, clip)).toEqual(whole.subarray(0, clip));
    expect(zeros.subarray(clip).every((v) => v === 0)).toBe(true);
    expect(whole.subarray(clip).every((v) => v === 0)).toBe(false);
  });

  test('whose CLIPs read different numbers of tokens is refused', () => {
    const file = join(folder, 'tokenizer_2', 'tokenizer_config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, model_max_length: 40 }));
    expect(refusal(() => open('sd3', {}, root)).message).toBe(
      `The tokenizers in ${folder} read 77 and 40 tokens; both CLIPs need as many.`,
    );
  });

  test('whose text encoder gives no hidden states says how to export them', () => {
    const file = join(folder, 'text_encoder_2', 'model.onnx');
    writeFileSync(
      file,
      model({
        inputs: [value('input_ids', 'int64', ['b', 77])],
        outputs: [value('text_embeds', 'float32', ['b', 28])],
      }),
    );
    const error = refusal(() => open('sd3', {}, root));
    expect(error.message).toBe(`${file} does not give the states before its last layer (the output hidden_states.2).`);
    expect(error.hint).toContain('all hidden states');
  });
});

test("NVIDIA's exports for TensorRT are refused by name", () => {
  const folder = join(root, 'tensorrt');
  mkdirSync(join(folder, 'transformer.opt', 'bf16'), { recursive: true });
  writeFileSync(join(folder, 'transformer.opt', 'bf16', 'model.onnx'), '');
  const error = refusal(() => listPrecisions(folder));
  expect(error.message).toContain(`${folder} holds networks for TensorRT (transformer.opt/), with bfloat16`);
  expect(error.hint).toContain('tools/export_model.py CHECKPOINT OUTPUT --dtype fp16');
});
