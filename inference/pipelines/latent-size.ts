/**
 * The size of a UNet's latents: from its config or its graph, or as asked for in pixels.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import type { PipelineOptions } from '../../contract/wire/network.js';
import type { ModelParts } from '../models/model-parts.js';

export type LatentShape = readonly [number, number, number];

export interface LatentSize {
  readonly shape: LatentShape;
  /** (height, width) of an image in pixels. */
  readonly pixels: readonly [number, number];
  readonly notes: readonly string[];
}

/** What a family has where a folder says nothing. */
export interface UsualSize {
  readonly channels: number;
  /** Height and width of a latent. */
  readonly side: number;
}

/** Of UNet2DConditionModel and UNet2DModel. */
interface UnetConfig {
  readonly in_channels?: unknown;
  readonly out_channels?: unknown;
  readonly sample_size?: unknown;
  readonly block_out_channels?: readonly unknown[];
}

/**
 * @param factor pixels per latent pixel, in height and width
 * @throws QschedError (usage): a config without sizes, a size that the graph does not take, or a UNet whose input is more
 *   than the latent
 */
export function latentSize(
  parts: ModelParts,
  factor: number,
  { height, width }: Pick<PipelineOptions, 'height' | 'width'>,
  usual: UsualSize,
): LatentSize {
  const config = parts.config('unet') as UnetConfig;
  const axes = parts.graph.inputs.find(({ name }) => name === 'sample')?.shape ?? [];
  const fixed = (at: number): number | undefined => (typeof axes[at] === 'number' ? axes[at] : undefined);
  const channels = config.in_channels ?? fixed(1) ?? usual.channels;
  const stated = config.sample_size ?? (fixed(2) === undefined ? undefined : [fixed(2), fixed(3)]);
  const guessed = stated === undefined && Object.keys(config).length === 0;
  const own = [guessed ? usual.side : stated].flat();
  const sides = [own[0], own[1] ?? own[0]];
  const needed = [channels, ...sides.filter((_, axis) => [height, width][axis] === undefined)];
  if (!needed.every((side) => typeof side === 'number' && Number.isInteger(side) && side > 0)) {
    throw new QschedError(
      'usage',
      `${join(parts.folder, 'unet/config.json')} needs "in_channels" and "sample_size" as whole numbers above 0.`,
      'Export the model again.',
    );
  }
  refuseMoreChannels(parts, config);
  const granularity = factor * 2 ** ((config.block_out_channels?.length ?? 1) - 1);
  const asked = [height, width].map((pixels, axis) =>
    pixels === undefined
      ? (sides[axis] as number)
      : sideOf(pixels, {
          axis,
          factor,
          granularity,
          fixed: fixed(2 + axis),
          network: join(parts.folder, parts.network),
        }),
  );
  const [h, w] = asked as [number, number];
  return {
    shape: [channels as number, h, w],
    pixels: [h * factor, w * factor],
    notes:
      guessed && needed.length > 1
        ? [
            `There is no unet/config.json: images are ${h * factor} x ${w * factor} pixels, the usual size of the family.`,
          ]
        : [],
  };
}

interface AskedSide {
  readonly axis: number;
  readonly factor: number;
  readonly granularity: number;
  readonly fixed: number | undefined;
  readonly network: string;
}

/** Latent pixels of a side in pixels. An exported UNet halves its input in every block but the last. */
function sideOf(pixels: number, { axis, factor, granularity, fixed, network }: AskedSide): number {
  const what = axis === 0 ? 'height' : 'width';
  if (fixed !== undefined && pixels !== fixed * factor) {
    throw new QschedError(
      'usage',
      `${network} has a fixed ${what} of ${fixed * factor} pixels: a ${what} of ${pixels} cannot be sampled.`,
      `Leave ${what} out, or export the network again with dynamic axes.`,
    );
  }
  if (fixed === undefined && (!Number.isInteger(pixels) || pixels < granularity || pixels % granularity !== 0)) {
    const nearest = Math.max(1, Math.round(pixels / granularity)) * granularity;
    throw new QschedError(
      'usage',
      `A ${what} of ${pixels} pixels does not fit ${network}: it must be a multiple of ${granularity} ` +
        `(${factor} of the VAE, times ${granularity / factor} of the UNet's blocks).`,
      `The nearest is ${nearest}.`,
    );
  }
  return pixels / factor;
}

/** Inpainting and editing models get images beside the latent. */
function refuseMoreChannels(parts: ModelParts, { in_channels, out_channels }: UnetConfig): void {
  if (typeof in_channels !== 'number' || typeof out_channels !== 'number' || in_channels <= out_channels) return;
  throw new QschedError(
    'usage',
    `${join(parts.folder, parts.network)} takes ${in_channels} channels and gives ${out_channels}: it is a UNet for inpainting or ` +
      'editing, which gets an image beside the latent.',
    'Use a text-to-image model.',
  );
}
