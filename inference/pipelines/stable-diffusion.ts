/**
 * What the kinds with one CLIP, a UNet and a VAE have in common.
 */
import type { PipelineOptions } from '../../contract/wire/network.js';
import { needFiles } from '../models/folder-files.js';
import type { ModelParts } from '../models/model-parts.js';
import type { NetworkFile } from '../models/network-file.js';
import { clipText } from './clip-text.js';
import { filesBeside, withConfig } from './expected-files.js';
import type { Guidance } from './guidance.js';
import { latentSize } from './latent-size.js';
import type { PipelineModel } from './pipeline-kind.js';
import { unetRowBytes } from './unet-memory.js';
import { openUnetPipeline } from './unet-pipeline.js';
import { decoderNetwork, openDecoder, vaeFactor, vaeScale } from './vae.js';

/** Of Stable Diffusion 1.5: 512 pixels. */
const USUAL = { channels: 4, side: 64 };
const TEXT_WIDTH = 768;

interface StableDiffusion {
  readonly hints?: NetworkFile['hints'] & {};
  readonly guidance?: Guidance | undefined;
  /** Further inputs of the UNet, with the same values in every row. */
  readonly constants?: Readonly<Record<string, Float32Array>>;
  readonly notes?: readonly string[];
}

/** @throws QschedError (usage): a missing file, or a size that the model does not take */
export function readStableDiffusion(
  parts: ModelParts,
  options: PipelineOptions,
  { hints = {}, guidance, constants = {}, notes = [] }: StableDiffusion,
): PipelineModel {
  const unet = parts.config('unet');
  const width = (unet['cross_attention_dim'] as number | undefined) ?? TEXT_WIDTH;
  const text = clipText(parts, ['tokenizer', 'text_encoder'], ['last_hidden_state'], width);
  const vae = vaeScale(parts);
  const { shape, notes: sizeNotes } = latentSize(parts, vaeFactor(parts), options, USUAL);
  const denoiser: NetworkFile = {
    file: parts.network,
    role: 'denoiser',
    inputs: {
      sample: { rows: 'values', shape },
      timestep: 'number',
      encoder_hidden_states: { rows: 'values', shape: [text.length, null] },
      ...Object.fromEntries(
        Object.entries(constants).map(([name, { length }]) => [name, { rows: 'values', shape: [length] }] as const),
      ),
    },
    hints,
    outputs: ['out_sample'],
    rowBytes: unetRowBytes(unet, shape[1], shape[2]),
  };
  return {
    files: [
      ...filesBeside(parts, ['model_index.json']),
      ...text.files,
      text.network.file,
      ...filesBeside(parts, ['unet/config.json']),
      parts.network,
      ...withConfig(parts, 'vae_decoder'),
      ...needFiles(parts.folder, ['scheduler/scheduler_config.json']),
    ],
    latentShape: shape,
    networks: [text.network, denoiser, decoderNetwork(parts, shape)],
    tokenizers: [text.tokenizer],
    preprocessing: { ...text.preprocessing, ...vae.preprocessing },
    notes: [...sizeNotes, ...vae.notes, ...notes],
    open: (session) =>
      openUnetPipeline(
        parts,
        {
          latentShape: shape,
          conditioned: [{ name: 'encoder_hidden_states', axes: [text.length] }],
          constants,
          guidance,
          openTexts: (own) => text.open(own),
          openDecoder: (own) => openDecoder(parts, shape, own, vae),
        },
        session,
      ),
  };
}
