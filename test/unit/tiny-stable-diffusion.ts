/**
 * A Stable Diffusion folder whose networks are a few nodes each: text states are token ids, noise is the sample, an image
 * is the latent.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../inference/models/model-roots.js';
import { ELEMENT, integer, model, node, tensor, value, type Element } from './onnx-bytes.js';

/** Tokens per text of the bundled tokenizer. */
const LENGTH = 40;
const axis = (at: bigint): Buffer =>
  tensor('axis', { type: 'int64', dims: [1], raw: new Uint8Array(BigInt64Array.of(at).buffer) });
const cast = (from: string, to: string, type: Element): Buffer =>
  node('Cast', [from], [to], [integer('to', ELEMENT[type])]);

/** What may differ from a plain export. */
export interface TinyParts {
  /** Types of ids, of the UNet's sample and output, and of the VAE's output. */
  readonly ids?: Element;
  readonly sample?: Element;
  readonly image?: Element;
  /** First axis of the UNet's rows. */
  readonly rows?: number | string;
  /** Further inputs of the UNet. */
  readonly more?: readonly Buffer[];
  /** Whether the UNet quantises its sample dynamically. */
  readonly dynamic?: boolean;
  /** Name of the UNet's output. */
  readonly output?: string;
}

export function writeTinyStableDiffusion(folder: string, parts: TinyParts = {}): void {
  const {
    ids = 'int64',
    sample = 'float32',
    image = 'float32',
    rows = 'batch',
    more = [],
    output = 'out_sample',
  } = parts;
  for (const name of ['tokenizer', 'text_encoder', 'unet', 'vae_decoder', 'scheduler']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const json = (file: string, content: object): void => writeFileSync(join(folder, file), JSON.stringify(content));
  cpSync(join(packageRoot(), 'models', 'shapes', 'tokenizer'), join(folder, 'tokenizer'), { recursive: true });
  json('model_index.json', {});
  json('unet/config.json', { in_channels: 4, sample_size: 8 });
  json('vae_decoder/config.json', { scaling_factor: 0.5, shift_factor: 1 });
  json('scheduler/scheduler_config.json', { _class_name: 'TCDScheduler' });
  const latent = (name: string, type: Element, first: number | string = 'batch') => value(name, type, [first, 4, 8, 8]);
  writeFileSync(
    join(folder, 'text_encoder/model.onnx'),
    model({
      nodes: [cast('input_ids', 'states', 'float32'), node('Unsqueeze', ['states', 'axis'], ['last_hidden_state'])],
      tensors: [axis(2n)],
      inputs: [value('input_ids', ids, ['batch', LENGTH])],
      outputs: [value('last_hidden_state', 'float32', ['batch', LENGTH, 1])],
    }),
  );
  const quantised = [
    node('DynamicQuantizeLinear', ['sample'], ['q', 'scale', 'zero']),
    node('DequantizeLinear', ['q', 'scale', 'zero'], [output]),
  ];
  writeFileSync(
    join(folder, 'unet/model.onnx'),
    model({
      nodes: parts.dynamic === true ? quantised : [node('Identity', ['sample'], [output])],
      inputs: [
        latent('sample', sample, rows),
        value('timestep', 'int64', ['steps']),
        value('encoder_hidden_states', 'float32', [rows, LENGTH, 1]),
        ...more,
      ],
      outputs: [latent(output, sample, rows)],
    }),
  );
  writeFileSync(
    join(folder, 'vae_decoder/model.onnx'),
    model({
      nodes: [cast('latent_sample', 'sample', image)],
      inputs: [latent('latent_sample', 'float32')],
      outputs: [latent('sample', image)],
    }),
  );
}
