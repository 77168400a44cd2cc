/**
 * Stable Diffusion 1.x and 2.x in the diffusers/Optimum ONNX layout, without classifier-free guidance:
 *
 *   tokenizer/  text_encoder/model.onnx  vae_decoder/model.onnx
 *   unet/model.onnx  unet/model_<precision>.onnx  scheduler/scheduler_config.json
 *
 * The UNet gets sample (B, C, h, w), timestep and encoder_hidden_states (B, L, D); the VAE gets z / scaling_factor +
 * shift_factor.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { loadClipTokenizer, tokenLength } from '../models/clip-tokenizer.js';
import { lacks, needFiles, readJson, REFERENCE_PRECISION } from '../models/folder-files.js';
import type { NetworkFile } from '../models/network-file.js';
import { sharedSession } from '../models/network-pool.js';
import type { RuntimeSession } from '../models/runtime-session.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineKind, PipelineModel, PipelineSession } from './pipeline-kind.js';

/** Of UNet2DConditionModel. */
interface UnetConfig {
  readonly down_block_types?: readonly string[];
  readonly block_out_channels?: readonly number[];
  readonly attention_head_dim?: number | readonly number[];
  readonly num_attention_heads?: number | readonly number[] | null;
  readonly cross_attention_dim?: number;
}

/** Of a text encoder, per token and value of a state. */
const TEXT_STATE_BYTES = 200;
/** Of a decoder, per pixel of an image 8 times as high and wide as its latent: measured at 256, 512 and 1,024 pixels. */
const DECODER_PIXEL_BYTES = 3300;
/** Inputs of related models that are not fed. */
const HINTS = {
  timestep_cond:
    "It takes LCM's embedding of the guidance scale. Use a model whose guidance is distilled into its weights, such as an LCM-LoRA or PCM merged into the UNet.",
  text_embeds: 'Stable Diffusion XL is not supported.',
  time_ids: 'Stable Diffusion XL is not supported.',
};
const UNET = 'unet/model.onnx';
const TEXT_ENCODER = 'text_encoder/model.onnx';
const VAE = 'vae_decoder/model.onnx';

export const stableDiffusion: PipelineKind = {
  marker: UNET,
  matches: (folder) => existsSync(join(folder, 'unet')),
  precisions(folder) {
    const precisions = readdirSync(join(folder, 'unet')).flatMap((file) => {
      const [found, precision] = /^model(?:_([a-z0-9]+))?\.onnx$/.exec(file) ?? [];
      return found === undefined ? [] : [precision ?? REFERENCE_PRECISION];
    });
    return precisions.sort();
  },
  read(folder, precision, options) {
    if (!existsSync(join(folder, UNET))) throw lacks(folder, UNET);
    const network = precision === REFERENCE_PRECISION ? UNET : `unet/model_${precision}.onnx`;
    const files = needFiles(folder, [
      'model_index.json',
      'tokenizer/tokenizer.json',
      'tokenizer/tokenizer_config.json',
      TEXT_ENCODER,
      'unet/config.json',
      network,
      VAE,
      'vae_decoder/config.json',
      'scheduler/scheduler_config.json',
    ]);
    const latentShape = latentShapeOf(folder, options);
    return {
      files,
      latentShape,
      networks: networksOf(folder, network, latentShape),
      open: (session) => openStableDiffusion(folder, network, latentShape, session),
    };
  },
};

function latentShapeOf(folder: string, options: PipelineOptions): PipelineModel['latentShape'] {
  const { in_channels, sample_size } = readJson(folder, 'unet/config.json') as {
    in_channels: number;
    sample_size: number | [number, number];
  };
  const [height, width] = Array.isArray(sample_size) ? sample_size : [sample_size, sample_size];
  if (![in_channels, height, width].every((side) => Number.isInteger(side) && side > 0)) {
    throw new QschedError(
      'usage',
      `${join(folder, 'unet/config.json')} needs "in_channels" and "sample_size" as whole numbers above 0.`,
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

function networksOf(folder: string, network: string, latentShape: PipelineModel['latentShape']): NetworkFile[] {
  const length = tokenLength(join(folder, 'tokenizer'));
  const config = readJson(folder, 'unet/config.json') as UnetConfig;
  const { down_block_types, block_out_channels, attention_head_dim, num_attention_heads, cross_attention_dim } = config;
  const [, height, width] = latentShape;
  // Attention keeps two matrices of tokens x tokens per head, at the largest size that has attention.
  const attends = (down_block_types?.[0] ?? 'Attn').includes('Attn');
  const tokens = (height * width) / (attends ? 1 : 4);
  const heads = [num_attention_heads ?? attention_head_dim ?? 8].flat()[attends ? 0 : 1] ?? 8;
  const channels = block_out_channels?.[0] ?? 320;
  return [
    {
      file: TEXT_ENCODER,
      role: 'text',
      inputs: { input_ids: { rows: 'ids', shape: [length] } },
      output: 'last_hidden_state',
      rowBytes: TEXT_STATE_BYTES * length * (cross_attention_dim ?? 768),
    },
    {
      file: network,
      role: 'denoiser',
      inputs: {
        sample: { rows: 'values', shape: latentShape },
        timestep: 'number',
        encoder_hidden_states: { rows: 'values', shape: [length, null] },
      },
      hints: HINTS,
      output: 'out_sample',
      rowBytes: 8 * heads * tokens ** 2 + 80 * channels * height * width,
    },
    {
      file: VAE,
      role: 'decoder',
      inputs: { latent_sample: { rows: 'values', shape: latentShape } },
      output: 'sample',
      rowBytes: DECODER_PIXEL_BYTES * 64 * height * width + 8 * (height * width) ** 2,
    },
  ];
}

async function openStableDiffusion(
  folder: string,
  network: string,
  latentShape: PipelineModel['latentShape'],
  { batches, ...options }: PipelineSession,
): Promise<Pipeline> {
  const tokenizer = loadClipTokenizer(join(folder, 'tokenizer'));
  const vae = readJson(folder, 'vae_decoder/config.json') as { scaling_factor?: number; shift_factor?: number | null };
  const scale = vae.scaling_factor ?? 1;
  const shift = vae.shift_factor ?? 0;
  const open = (file: string, batch: number): Promise<RuntimeSession> =>
    sharedSession(join(folder, file), { ...options, batch });
  let encoder: RuntimeSession | null = await open(TEXT_ENCODER, batches.text);
  const unet = await open(network, batches.denoiser);
  const decoder = await open(VAE, batches.decoder);
  const releaseEncoders = async (): Promise<void> => {
    const opened = encoder;
    encoder = null;
    await opened?.release();
  };
  const rows = { denoiser: 0, padded: 0 };
  return {
    latentShape,
    batches,
    rows,
    async encode(texts, checkpoint) {
      encoder ??= await open(TEXT_ENCODER, batches.text);
      const states = await encoder.run(
        tokenizer.encode(texts),
        (slice) => ({ input_ids: { rows: slice, shape: [tokenizer.length] } }),
        'last_hidden_state',
        checkpoint,
      );
      // A view would keep its whole batch in memory.
      return states.map((state) => ({ tensors: [state.slice()], bytes: state.byteLength }));
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
    decode: (latents, checkpoint) =>
      decoder.run(
        latents,
        (slice) => ({
          latent_sample: {
            rows: scale === 1 && shift === 0 ? slice : slice.map((z) => z.map((v) => v / scale + shift)),
            shape: latentShape,
          },
        }),
        'sample',
        checkpoint,
      ),
    releaseEncoders,
    async release() {
      await releaseEncoders();
      await unet.release();
      await decoder.release();
    },
  };
}
