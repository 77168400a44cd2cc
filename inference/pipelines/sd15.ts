/**
 * Stable Diffusion 1.x and 2.x (SD-Turbo, and PCM, TCD, Hyper-SD or DMD2 on them), without classifier-free guidance:
 *
 *   tokenizer/  text_encoder/model.onnx  unet/model.onnx  vae_decoder/model.onnx  scheduler/scheduler_config.json
 *
 * The UNet gets sample (B, C, h, w), timestep and encoder_hidden_states (B, L, D).
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { loadClipTokenizer, tokenLength } from '../models/clip-tokenizer.js';
import { needFiles } from '../models/folder-files.js';
import type { ModelParts } from '../models/model-parts.js';
import type { NetworkFile } from '../models/network-file.js';
import { sharedSession } from '../models/network-pool.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineKind, PipelineModel, PipelineSession } from './pipeline-kind.js';
import { openTextEncoder } from './text-encoder.js';
import { textRowBytes, unetRowBytes } from './unet-memory.js';
import { decoderNetwork, openDecoder } from './vae.js';

type LatentShape = PipelineModel['latentShape'];

/** Inputs of related models that are not fed. */
const HINTS = {
  timestep_cond:
    "It takes LCM's embedding of the guidance scale. Use a model whose guidance is distilled into its weights, such as an LCM-LoRA or PCM merged into the UNet.",
  text_embeds: 'Stable Diffusion XL is not supported.',
  time_ids: 'Stable Diffusion XL is not supported.',
};

export const sd15: PipelineKind = {
  matches: ({ denoiser }) => denoiser.component === 'unet',
  read(parts, options) {
    const files = needFiles(parts.folder, [
      'model_index.json',
      'tokenizer/tokenizer.json',
      'tokenizer/tokenizer_config.json',
      parts.file('text_encoder'),
      'unet/config.json',
      parts.network,
      parts.file('vae_decoder'),
      'vae_decoder/config.json',
      'scheduler/scheduler_config.json',
    ]);
    const latentShape = latentShapeOf(parts, options);
    return {
      files,
      latentShape,
      networks: networksOf(parts, latentShape),
      tokenizers: ['tokenizer'],
      open: (session) => openSd15(parts, latentShape, session),
    };
  },
};

function latentShapeOf(parts: ModelParts, options: PipelineOptions): LatentShape {
  const { in_channels, sample_size } = parts.config('unet') as {
    in_channels: number;
    sample_size: number | [number, number];
  };
  const [height, width] = Array.isArray(sample_size) ? sample_size : [sample_size, sample_size];
  if (![in_channels, height, width].every((side) => Number.isInteger(side) && side > 0)) {
    throw new QschedError(
      'usage',
      `${join(parts.folder, 'unet/config.json')} needs "in_channels" and "sample_size" as whole numbers above 0.`,
      'Export the model again.',
    );
  }
  const [given] = Object.keys(options);
  if (given !== undefined) {
    throw new QschedError(
      'usage',
      `A Stable Diffusion model does not take the option ${given}: it runs at its own size, without guidance.`,
      `Leave ${given} out.`,
    );
  }
  return [in_channels, height, width];
}

function networksOf(parts: ModelParts, latentShape: LatentShape): NetworkFile[] {
  const length = tokenLength(join(parts.folder, 'tokenizer'));
  const config = parts.config('unet');
  const [, height, width] = latentShape;
  const textWidth = (config['cross_attention_dim'] as number | undefined) ?? 768;
  return [
    {
      file: parts.file('text_encoder'),
      role: 'text',
      inputs: { input_ids: { rows: 'ids', shape: [length] } },
      outputs: ['last_hidden_state'],
      rowBytes: textRowBytes(length, textWidth),
    },
    {
      file: parts.network,
      role: 'denoiser',
      inputs: {
        sample: { rows: 'values', shape: latentShape },
        timestep: 'number',
        encoder_hidden_states: { rows: 'values', shape: [length, null] },
      },
      hints: HINTS,
      outputs: ['out_sample'],
      rowBytes: unetRowBytes(config, height, width),
    },
    decoderNetwork(parts, latentShape),
  ];
}

async function openSd15(parts: ModelParts, latentShape: LatentShape, session: PipelineSession): Promise<Pipeline> {
  const { folder } = parts;
  const { batches, ...options } = session;
  const tokenizer = loadClipTokenizer(join(folder, 'tokenizer'));
  const encoder = await openTextEncoder(folder, parts.file('text_encoder'), session);
  const unet = await sharedSession(join(folder, parts.network), { ...options, batch: batches.denoiser });
  const decoder = await openDecoder(parts, latentShape, session);
  const rows = { denoiser: 0, padded: 0 };
  return {
    latentShape,
    batches,
    rows,
    async encode(texts, checkpoint) {
      const states = await encoder.encode(tokenizer.encode(texts), ['last_hidden_state'], checkpoint);
      return states.map(([state]) => ({ tensors: [state!], bytes: state!.byteLength }));
    },
    denoise: (latents, timestep, conditioning, checkpoint) =>
      unet.run(
        latents.map((latent, i) => ({ latent, states: conditioning[i]!.tensors[0]! })),
        (slice) => {
          rows.denoiser += slice.length;
          rows.padded += unet.batch;
          return {
            sample: { rows: slice.map(({ latent }) => latent), shape: latentShape },
            timestep: { value: timestep },
            encoder_hidden_states: {
              rows: slice.map(({ states }) => states),
              shape: [tokenizer.length, slice[0]!.states.length / tokenizer.length],
            },
          };
        },
        'out_sample',
        checkpoint,
      ),
    decode: (latents, checkpoint) => decoder.decode(latents, checkpoint),
    releaseEncoders: () => encoder.release(),
    async release() {
      await encoder.release();
      await unet.release();
      await decoder.release();
    },
  };
}
