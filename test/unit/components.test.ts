/** Networks of a model folder in the layouts that people have. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findComponents } from '../../inference/models/components.js';
import { denoiserOf, modelParts, referenceOf } from '../../inference/models/model-parts.js';
import { model as onnx, value } from './onnx-bytes.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-layout-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(...files: string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), onnx({ inputs: [value('sample', 'float32', ['batch'])] }));
  }
}
const found = () =>
  Object.fromEntries([...findComponents(folder)].map(([name, variants]) => [name, Object.fromEntries(variants)]));

describe('networks are found', () => {
  test('in the layout of diffusers and Optimum', () => {
    put('unet/model.onnx', 'unet/model_w4a8.onnx', 'unet/model_w8a8_static.onnx', 'unet/model-int4.onnx');
    put('text_encoder/model.onnx', 'text_encoder_2/model.onnx', 'vae_decoder/model.onnx', 'vae_encoder/model.onnx');
    put('unet/model_W8A8-svd.onnx', 'unet/other.onnx', 'unet/model.onnx_data');
    expect(found()).toEqual({
      unet: {
        '': 'unet/model.onnx',
        w4a8: 'unet/model_w4a8.onnx',
        w8a8_static: 'unet/model_w8a8_static.onnx',
        int4: 'unet/model-int4.onnx',
        'W8A8-svd': 'unet/model_W8A8-svd.onnx',
      },
      text_encoder: { '': 'text_encoder/model.onnx' },
      text_encoder_2: { '': 'text_encoder_2/model.onnx' },
      vae_decoder: { '': 'vae_decoder/model.onnx' },
    });
  });

  test.each(['fp16', 'quantized', 'int8', 'uint8', 'q4', 'q4f16', 'bnb4'])(
    'with the suffix %s of transformers.js, in onnx/ and beside',
    (suffix) => {
      put(`onnx/transformer_${suffix}.onnx`, `onnx/text_encoder/model_${suffix}.onnx`);
      put(`vae_decoder/onnx/model_${suffix}.onnx`);
      expect(found()).toEqual({
        transformer: { [suffix]: `onnx/transformer_${suffix}.onnx` },
        text_encoder: { [suffix]: `onnx/text_encoder/model_${suffix}.onnx` },
        vae_decoder: { [suffix]: `vae_decoder/onnx/model_${suffix}.onnx` },
      });
    },
  );

  test('in a flat folder', () => {
    put('unet_model_q4f16.onnx', 'text_encoder_model_q4f16.onnx', 'text_encoder_2_model_q4f16.onnx');
    put('vae_decoder_model_f16.onnx', 'latents_model_f16.onnx', 'text_encoder_2.onnx');
    expect(found()).toEqual({
      unet: { q4f16: 'unet_model_q4f16.onnx' },
      text_encoder: { q4f16: 'text_encoder_model_q4f16.onnx' },
      text_encoder_2: { '': 'text_encoder_2.onnx', q4f16: 'text_encoder_2_model_q4f16.onnx' },
      vae_decoder: { f16: 'vae_decoder_model_f16.onnx' },
    });
  });
});

describe('precisions', () => {
  test('are the variants of the denoiser; full precision is float32, else float16', () => {
    put('transformer/model.onnx', 'transformer/model_q4.onnx');
    expect([...denoiserOf(folder).files]).toEqual([
      ['fp32', 'transformer/model.onnx'],
      ['q4', 'transformer/model_q4.onnx'],
    ]);
    expect(referenceOf(['fp16', 'fp32', 'q4'])).toBe('fp32');
    expect(referenceOf(['fp16', 'q4'])).toBe('fp16');
    expect(referenceOf(['q4'])).toBeNull();
  });

  test('of a network with float16 inputs is fp16, unless another file has that name', () => {
    put('unet/model.onnx');
    writeFileSync(join(folder, 'unet/model.onnx'), onnx({ inputs: [value('sample', 'float16', ['batch'])] }));
    expect([...denoiserOf(folder).files.keys()]).toEqual(['fp16']);
    put('unet/model_fp16.onnx');
    expect([...denoiserOf(folder).files.keys()]).toEqual(['fp16', 'fp32']);
  });

  test('choose the other networks: plain, else the same suffix, else fp16, else the only one', () => {
    put('unet/model_q4.onnx', 'vae_decoder/model_q4.onnx', 'vae_decoder/model_fp16.onnx');
    put('text_encoder/model.onnx', 'text_encoder/model_q4.onnx', 'text_encoder_2/model_int8.onnx');
    const parts = modelParts(folder, 'q4');
    expect(parts.file('vae_decoder')).toBe('vae_decoder/model_q4.onnx');
    expect(parts.file('text_encoder')).toBe('text_encoder/model.onnx');
    expect(parts.file('text_encoder_2')).toBe('text_encoder_2/model_int8.onnx');
    put('text_encoder_3/model_a.onnx', 'text_encoder_3/model_b.onnx');
    expect(() => modelParts(folder, 'q4').file('text_encoder_3')).toThrow('no text_encoder_3 without a suffix');
    expect(() => modelParts(folder, 'q8')).toThrow('lacks unet/model_q8.onnx');
  });
});

test('a folder of PyTorch weights gets the command that exports it', () => {
  mkdirSync(join(folder, 'unet'));
  writeFileSync(join(folder, 'unet/diffusion_pytorch_model.safetensors'), '');
  expect(() => denoiserOf(folder)).toThrow(
    `${folder} holds PyTorch weights (unet/diffusion_pytorch_model.safetensors) and no ONNX networks`,
  );
});
