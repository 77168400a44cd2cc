/**
 * FLUX.1 (schnell, and dev with `guidance`): CLIP's pooled embedding, T5's states, packed latents.
 *
 *   tokenizer/  tokenizer_2/  text_encoder/model.onnx  text_encoder_2/model.onnx  transformer/model.onnx (or unet/)
 *   vae_decoder/model.onnx  scheduler/scheduler_config.json
 *
 * The transformer gets hidden_states (B, P, 4 C), encoder_hidden_states (B, L, D), pooled_projections (B, d), timestep
 * (B) = t / 1000, img_ids (P, 3), txt_ids (L, 3), and guidance (B) if its guidance is distilled. Before diffusers 0.31
 * exports had ids with an axis for rows.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { needFiles } from '../models/folder-files.js';
import type { ModelParts } from '../models/model-parts.js';
import type { InputKind, NetworkFile } from '../models/network-file.js';
import { t5TokenizerLength } from '../models/t5-tokenizer.js';
import { clipText } from './clip-text.js';
import { filesBeside, withConfig } from './expected-files.js';
import { guidanceScale, refuseOptions } from './guidance.js';
import { imageSize, sizeOf } from './image-size.js';
import type { LatentShape } from './latent-size.js';
import { imagePositions, packing, patchesOf } from './packed-latents.js';
import type { PipelineKind } from './pipeline-kind.js';
import { sequenceLengthOf, t5Text } from './t5-text.js';
import { axesOf, openTexts, outputOf, takes } from './transformer.js';
import { transformerRowBytes } from './transformer-memory.js';
import { openUnetPipeline, type Positions } from './unet-pipeline.js';
import { decoderNetwork, openDecoder, vaeScale } from './vae.js';

/** FluxPipeline's guidance_scale. */
const USUAL_GUIDANCE = 3.5;
const TOKENIZER_2 = 'tokenizer_2';
/**
 * Tokens of T5, at most what its tokenizer's config states: FLUX.1-schnell was distilled with 256 (its model card);
 * FluxPipeline's default, for dev, is 512.
 */
const USUAL_LENGTH = { schnell: 256, dev: 512 };
/** Of the autoencoder of FLUX.1. */
const USUAL_VAE = { scale: 0.3611, shift: 0.1159 };
const USUAL_CHANNELS = 64;
const CLIP_WIDTH = 768;
const T5_WIDTH = 4096;

const HINTS = {
  controlnet_block_samples: 'A transformer that takes the states of a ControlNet cannot be fed: export it without.',
};

export const flux: PipelineKind = {
  matches: ({ graph }) => ['hidden_states', 'pooled_projections', 'img_ids', 'txt_ids'].every(takes(graph)),
  read(parts, options) {
    const { folder } = parts;
    refuseOptions('FLUX', options, { negativePrompt: 'its guidance is distilled, there is no second row per latent' });
    const guidance = distilledGuidance(parts, options);
    const config = parts.config(parts.denoiser.component);
    const shape = latentShapeOf(parts, options);
    const length = sequenceLengthOf(
      options,
      sizeOf(axesOf(parts, 'encoder_hidden_states')[1]) ??
        Math.min(
          USUAL_LENGTH[guidance === undefined ? 'schnell' : 'dev'],
          t5TokenizerLength(join(folder, TOKENIZER_2)) ?? Infinity,
        ),
    );
    const width = (config['joint_attention_dim'] as number | undefined) ?? T5_WIDTH;
    const clip = clipText(parts, ['tokenizer', 'text_encoder'], ['pooler_output'], CLIP_WIDTH);
    const t5 = t5Text(parts, [TOKENIZER_2, 'text_encoder_2'], { length, width });
    const vae = vaeScale(parts, USUAL_VAE);
    const packed = [patchesOf(shape), 4 * shape[0]];
    const positions = {
      img_ids: positionsOf(parts, 'img_ids', imagePositions(shape)),
      txt_ids: positionsOf(parts, 'txt_ids', new Float32Array(3 * length)),
    };
    const output = outputOf(parts, 'out_hidden_states');
    const denoiser: NetworkFile = {
      file: parts.network,
      role: 'denoiser',
      inputs: {
        hidden_states: { rows: 'values', shape: packed },
        encoder_hidden_states: { rows: 'values', shape: [length, null] },
        pooled_projections: { rows: 'values', shape: [null] },
        timestep: 'number',
        img_ids: kindOf(positions.img_ids),
        txt_ids: kindOf(positions.txt_ids),
        ...(guidance === undefined ? {} : { guidance: 'number' as const }),
      },
      hints: HINTS,
      outputs: [output],
      rowBytes: transformerRowBytes(config, packed[0]! + length),
    };
    return {
      files: [
        ...filesBeside(parts, ['model_index.json']),
        ...clip.files,
        ...t5.files,
        clip.network.file,
        t5.network.file,
        ...filesBeside(parts, [`${parts.denoiser.component}/config.json`]),
        parts.network,
        ...withConfig(parts, 'vae_decoder'),
        ...needFiles(folder, ['scheduler/scheduler_config.json']),
      ],
      latentShape: shape,
      networks: [clip.network, t5.network, denoiser, decoderNetwork(parts, shape)],
      tokenizers: [clip.tokenizer, t5.tokenizer],
      preprocessing: { ...clip.preprocessing, ...vae.preprocessing },
      notes: vae.notes,
      open: (session) =>
        openUnetPipeline(
          parts,
          {
            latentShape: shape,
            latents: { input: 'hidden_states', output, shape: packed, ...packing(shape) },
            timestepOf: (timestep) => Math.fround(timestep / 1000),
            conditioned: [
              { name: 'encoder_hidden_states', axes: [length] },
              { name: 'pooled_projections', axes: [] },
            ],
            numbers: guidance === undefined ? {} : { guidance },
            positions,
            openTexts: (own) => openTexts([t5, clip], own),
            openDecoder: (own) => openDecoder(parts, shape, own, vae),
          },
          session,
        ),
    };
  },
};

/** The scale that is fed to `guidance`; undefined for a transformer without it. @throws QschedError (usage) */
function distilledGuidance(parts: ModelParts, options: PipelineOptions): number | undefined {
  const scale = guidanceScale(options);
  if (takes(parts.graph)('guidance')) return scale ?? USUAL_GUIDANCE;
  if (scale === undefined || scale <= 1) return undefined;
  throw new QschedError(
    'usage',
    `guidance is ${scale}: ${join(parts.folder, parts.network)} has no input "guidance" (FLUX.1-schnell is distilled without).`,
    'Leave guidance out.',
  );
}

/** @throws QschedError (usage): channels that are not packed 2 x 2, or a size that does not fit */
function latentShapeOf(parts: ModelParts, options: PipelineOptions): LatentShape {
  const { component } = parts.denoiser;
  const [, patches, channels] = axesOf(parts, 'hidden_states');
  const packed = parts.config(component)['in_channels'] ?? sizeOf(channels) ?? USUAL_CHANNELS;
  if (typeof packed !== 'number' || !Number.isInteger(packed / 4) || packed < 4) {
    throw new QschedError(
      'usage',
      `${join(parts.folder, component, 'config.json')} needs "in_channels" as a multiple of 4, and has ${JSON.stringify(packed)}.`,
      'Export the model again.',
    );
  }
  const side = 2 * Math.sqrt(sizeOf(patches) ?? NaN);
  const fixed =
    Number.isInteger(side) && options.height === undefined && options.width === undefined ? side : undefined;
  return [packed / 4, ...imageSize(parts, { fixed: [fixed, fixed] }, options)];
}

const positionsOf = (parts: ModelParts, input: string, values: Float32Array): Positions => ({
  values,
  shape: [values.length / 3, 3],
  perRow: axesOf(parts, input).length === 3,
});

const kindOf = ({ shape, perRow }: Positions): InputKind =>
  perRow ? { rows: 'positions', shape } : { whole: 'positions', shape };
