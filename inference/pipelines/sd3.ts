/**
 * Stable Diffusion 3 and 3.5 (turbo): two CLIPs with projection and T5, joined along the tokens; without T5 its states are
 * zeros, as in diffusers.
 *
 *   tokenizer/  tokenizer_2/  [tokenizer_3/]  text_encoder/model.onnx  text_encoder_2/  [text_encoder_3/]
 *   transformer/model.onnx  vae_decoder/model.onnx  scheduler/scheduler_config.json
 *
 * The transformer gets hidden_states (B, C, h, w), encoder_hidden_states (B, 77 + L, D), pooled_projections (B, d) and
 * timestep (B), as it is. Without the option `guidance` there is one row per latent, as turbo models are sampled.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import { needFiles } from '../models/folder-files.js';
import type { ModelParts } from '../models/model-parts.js';
import type { NetworkFile } from '../models/network-file.js';
import { clipText } from './clip-text.js';
import { filesBeside, withConfig } from './expected-files.js';
import { guidanceOf, rowsPerLatent } from './guidance.js';
import { imageSize, sizeOf } from './image-size.js';
import { joinedText, withoutT5 } from './joined-text.js';
import type { LatentShape } from './latent-size.js';
import { penultimateState } from './penultimate-state.js';
import type { PipelineKind } from './pipeline-kind.js';
import { sequenceLengthOf, t5Text } from './t5-text.js';
import { axesOf, openTexts, outputOf, takes } from './transformer.js';
import { transformerRowBytes, type TransformerConfig } from './transformer-memory.js';
import { openUnetPipeline } from './unet-pipeline.js';
import { decoderNetwork, openDecoder, vaeFactor, vaeScale } from './vae.js';

/** Of SD3Transformer2DModel. */
interface Sd3Config extends TransformerConfig {
  readonly in_channels?: number;
  readonly sample_size?: number;
  readonly patch_size?: number;
  readonly pos_embed_max_size?: number;
  readonly joint_attention_dim?: number;
}

/** Default of StableDiffusion3Pipeline. */
const USUAL_LENGTH = 256;
/** Of the published transformers and autoencoder. */
const USUAL = { channels: 16, width: 4096, vae: { scale: 1.5305, shift: 0.0609 } };
const CLIP_WIDTHS = [768, 1280] as const;
const PATCH = 2;

const HINTS = {
  controlnet_hidden_states: 'A transformer that takes the states of a ControlNet cannot be fed: export it without.',
};

export const sd3: PipelineKind = {
  matches: ({ graph }) =>
    ['hidden_states', 'encoder_hidden_states', 'pooled_projections'].every(takes(graph)) && !takes(graph)('img_ids'),
  read(parts, options) {
    const guidance = guidanceOf(options);
    const config = parts.config(parts.denoiser.component) as Sd3Config;
    const shape = latentShapeOf(parts, config, options);
    const clips = [
      clipText(
        parts,
        ['tokenizer', 'text_encoder'],
        ['text_embeds', penultimateState(parts, 'text_encoder')],
        CLIP_WIDTHS[0],
      ),
      clipText(
        parts,
        ['tokenizer_2', 'text_encoder_2'],
        ['text_embeds', penultimateState(parts, 'text_encoder_2')],
        CLIP_WIDTHS[1],
      ),
    ];
    const clipTokens = clips[0]!.length;
    if (clips[1]!.length !== clipTokens) {
      throw new QschedError(
        'usage',
        `The tokenizers in ${parts.folder} read ${clips.map(({ length }) => length).join(' and ')} tokens; both CLIPs need as many.`,
        'Set model_max_length of both tokenizer_config.json files to 77.',
      );
    }
    const [, tokens, axis] = axesOf(parts, 'encoder_hidden_states');
    const width = config.joint_attention_dim ?? sizeOf(axis) ?? USUAL.width;
    const length = sequenceLengthOf(
      options,
      sizeOf(tokens) === undefined ? USUAL_LENGTH : sizeOf(tokens)! - clipTokens,
    );
    const t5 = withoutT5(parts) ? undefined : t5Text(parts, ['tokenizer_3', 'text_encoder_3'], { length, width });
    const texts = [...clips, ...(t5 === undefined ? [] : [t5])];
    const vae = vaeScale(parts, USUAL.vae);
    const output = outputOf(parts, 'out_hidden_states');
    const denoiser: NetworkFile = {
      file: parts.network,
      role: 'denoiser',
      inputs: {
        hidden_states: { rows: 'values', shape },
        encoder_hidden_states: { rows: 'values', shape: [clipTokens + length, width] },
        pooled_projections: { rows: 'values', shape: [null] },
        timestep: 'number',
      },
      hints: HINTS,
      outputs: [output],
      rowBytes: transformerRowBytes(config, (shape[1] * shape[2]) / PATCH ** 2 + clipTokens + length),
    };
    return {
      files: [
        ...filesBeside(parts, ['model_index.json']),
        ...texts.flatMap(({ files, network }) => [...files, network.file]),
        ...filesBeside(parts, [`${parts.denoiser.component}/config.json`]),
        parts.network,
        ...withConfig(parts, 'vae_decoder'),
        ...needFiles(parts.folder, ['scheduler/scheduler_config.json']),
      ],
      latentShape: shape,
      networks: [...texts.map(({ network }) => network), denoiser, decoderNetwork(parts, shape)],
      rowsPerLatent: rowsPerLatent(guidance),
      tokenizers: texts.map(({ tokenizer }) => tokenizer),
      preprocessing: Object.assign({}, ...clips.map(({ preprocessing }) => preprocessing), vae.preprocessing),
      notes: [...vae.notes, ...(t5 === undefined ? ['There is no T5 (text_encoder_3): its states are zeros.'] : [])],
      open: (session) =>
        openUnetPipeline(
          parts,
          {
            latentShape: shape,
            latents: { input: 'hidden_states', output, shape, pack: (latent) => latent, unpack: (row) => row },
            conditioned: [
              { name: 'encoder_hidden_states', axes: [clipTokens + length] },
              { name: 'pooled_projections', axes: [] },
            ],
            guidance,
            openTexts: async (own) => joinedText(await openTexts(texts, own), { clipTokens, length, width }),
            openDecoder: (own) => openDecoder(parts, shape, own, vae),
          },
          session,
        ),
    };
  },
};

/** @throws QschedError (usage): patches of another size, or a size that does not fit */
function latentShapeOf(parts: ModelParts, config: Sd3Config, options: PipelineOptions): LatentShape {
  const { in_channels, sample_size, patch_size = PATCH, pos_embed_max_size } = config;
  if (patch_size !== PATCH) {
    throw new QschedError(
      'usage',
      `${join(parts.folder, parts.denoiser.component, 'config.json')} has patch_size ${patch_size}; only ${PATCH} is known.`,
      'Use a published Stable Diffusion 3 or 3.5.',
    );
  }
  const [, channels, height, width] = axesOf(parts, 'hidden_states');
  const size = imageSize(
    parts,
    {
      fixed: [sizeOf(height), sizeOf(width)],
      stated: sample_size === undefined ? undefined : sample_size * vaeFactor(parts),
      most: pos_embed_max_size === undefined ? undefined : pos_embed_max_size * PATCH,
    },
    options,
  );
  return [in_channels ?? sizeOf(channels) ?? USUAL.channels, ...size];
}
