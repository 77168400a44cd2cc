/**
 * A folder with text encoders, a UNet and a VAE, as all families of Stable Diffusion have them.
 */
import type { PipelineOptions } from '../../contract/wire/network.js';
import { needFiles } from '../models/folder-files.js';
import type { ModelParts } from '../models/model-parts.js';
import type { InputKind, NetworkFile } from '../models/network-file.js';
import type { ClipText } from './clip-text.js';
import { filesBeside, withConfig } from './expected-files.js';
import { rowsPerLatent } from './guidance.js';
import { latentSize, type LatentSize, type UsualSize } from './latent-size.js';
import type { PipelineModel } from './pipeline-kind.js';
import { unetRowBytes } from './unet-memory.js';
import { openUnetPipeline, type UnetSettings } from './unet-pipeline.js';
import { decoderNetwork, openDecoder, vaeFactor, type VaeScale } from './vae.js';

/** What differs between the families. */
export interface UnetFamily extends Pick<UnetSettings, 'guidance' | 'zeros' | 'openTexts'> {
  readonly usual: UsualSize;
  readonly vae: VaeScale;
  readonly texts: readonly ClipText[];
  /** Further files that decide what the encoders give, each once. */
  readonly textFiles?: readonly string[];
  /** Inputs that a text decides, with the axes of a row: null follows from the values. */
  readonly conditioned: Readonly<Record<string, readonly (number | null)[]>>;
  /** Inputs with the same values in every row. */
  readonly constants?: (size: LatentSize) => Readonly<Record<string, Float32Array>>;
  /** What to do about inputs of related models. */
  readonly hints?: Readonly<Record<string, string>>;
  readonly notes?: readonly string[];
}

/** @throws QschedError (usage): a missing file, or a size that the model does not take */
export function readUnetModel(parts: ModelParts, options: PipelineOptions, family: UnetFamily): PipelineModel {
  const { usual, vae, texts, conditioned, hints = {}, notes = [] } = family;
  const unet = parts.config('unet');
  const size = latentSize(parts, vaeFactor(parts), options, usual);
  const { shape } = size;
  const constants = family.constants?.(size) ?? {};
  const rowsOf = (axes: readonly (number | null)[]): InputKind => ({ rows: 'values', shape: axes });
  const denoiser: NetworkFile = {
    file: parts.network,
    role: 'denoiser',
    inputs: {
      sample: rowsOf(shape),
      timestep: 'number',
      ...Object.fromEntries(Object.entries(conditioned).map(([name, axes]) => [name, rowsOf(axes)])),
      ...Object.fromEntries(Object.entries(constants).map(([name, { length }]) => [name, rowsOf([length])])),
    },
    hints,
    outputs: ['out_sample'],
    rowBytes: unetRowBytes(unet, shape[1], shape[2]),
  };
  const files = [
    ...filesBeside(parts, ['model_index.json']),
    ...texts.flatMap((text) => [...text.files, text.network.file]),
    ...(family.textFiles ?? []),
    ...filesBeside(parts, ['unet/config.json']),
    parts.network,
    ...withConfig(parts, 'vae_decoder'),
    ...needFiles(parts.folder, ['scheduler/scheduler_config.json']),
  ];
  return {
    files: [...new Set(files)],
    latentShape: shape,
    networks: [...texts.map(({ network }) => network), denoiser, decoderNetwork(parts, shape)],
    rowsPerLatent: rowsPerLatent(family.guidance),
    tokenizers: texts.map(({ tokenizer }) => tokenizer),
    preprocessing: Object.assign({}, ...texts.map(({ preprocessing }) => preprocessing), vae.preprocessing) as Record<
      string,
      number
    >,
    notes: [...size.notes, ...vae.notes, ...notes],
    open: (session) =>
      openUnetPipeline(
        parts,
        {
          ...family,
          latentShape: shape,
          conditioned: Object.entries(conditioned).map(([name, axes]) => ({
            name,
            axes: axes.filter((axis) => axis !== null),
          })),
          constants,
          openDecoder: (own) => openDecoder(parts, shape, own, vae),
        },
        session,
      ),
  };
}
