/**
 * The size of a transformer's latents: as asked for in pixels, else as the graphs fix it or the configs state it.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import type { ModelParts } from '../models/model-parts.js';
import { readGraph } from '../models/onnx-graph.js';
import { vaeFactor } from './vae.js';

/** Default of FluxPipeline, and of SD3's published transformers. */
const USUAL_PIXELS = 1024;
/** AutoencoderKL's default sample_size. */
const UNTOLD_SIZE = 32;
/** Latent pixels per patch, in height and width. */
const PATCH = 2;

type Pair<T> = readonly [height: T, width: T];

interface SizeSource {
  /** Latent pixels that the denoiser's graph fixes. */
  readonly fixed: Pair<number | undefined>;
  /** Pixels that its config states. */
  readonly stated?: number | undefined;
  /** The most latent pixels of a side. */
  readonly most?: number | undefined;
}

/**
 * (h, w) of a latent.
 *
 * @throws QschedError (usage): a side that is not whole patches, that a graph does not take, or that is too long
 */
export function imageSize(
  parts: ModelParts,
  { fixed, stated, most = Infinity }: SizeSource,
  { height, width }: PipelineOptions,
): Pair<number> {
  const factor = vaeFactor(parts);
  const decoder = decoderSides(parts);
  const trained = stated ?? trainedSize(parts) ?? USUAL_PIXELS;
  const side = (axis: 0 | 1): number => {
    const what = axis === 0 ? 'height' : 'width';
    const asked = [height, width][axis];
    const own = fixed[axis] ?? decoder[axis];
    const pixels = asked ?? (own === undefined ? trained : own * factor);
    const unit = factor * PATCH;
    if (own !== undefined && own * factor !== pixels) {
      throw new QschedError(
        'usage',
        `${what} is ${pixels}: the networks in ${parts.folder} have a fixed ${what} of ${own * factor} pixels.`,
        `Leave ${what} out, or export the networks again with dynamic axes.`,
      );
    }
    if (pixels < unit || pixels % unit !== 0) {
      throw new QschedError(
        'usage',
        `${what} is ${pixels}: it must be a multiple of ${unit} (${factor} of the VAE, times patches of ${PATCH}).`,
        `The nearest is ${Math.max(1, Math.round(pixels / unit)) * unit}.`,
      );
    }
    if (pixels / factor > most) {
      throw new QschedError(
        'usage',
        `${what} is ${pixels}: ${join(parts.folder, parts.network)} has positions for at most ${most * factor} pixels.`,
        `For example ${trained}.`,
      );
    }
    return pixels / factor;
  };
  return [side(0), side(1)];
}

/** Pixels that the autoencoder was trained at; AutoencoderKL writes 32 if it was told nothing. */
function trainedSize(parts: ModelParts): number | undefined {
  const { _class_name: className, sample_size: size } = parts.config('vae_decoder');
  const untold = className === 'AutoencoderKL' && size === UNTOLD_SIZE;
  return typeof size === 'number' && !untold ? size : undefined;
}

/** Axes that the decoder's graph fixes. */
function decoderSides(parts: ModelParts): Pair<number | undefined> {
  const { inputs } = readGraph(join(parts.folder, parts.file('vae_decoder')));
  const shape = inputs.find(({ name }) => name === 'latent_sample')?.shape ?? [];
  return [sizeOf(shape[2]), sizeOf(shape[3])];
}

/** An axis that a graph fixes. */
export const sizeOf = (axis: number | string | undefined): number | undefined =>
  typeof axis === 'number' ? axis : undefined;
