/**
 * The image side of a scorer: images to rows of one network, of a fixed size or of any.
 */
import type { RgbImage } from '../../metrics/images/image.js';
import { sharedSession } from '../models/network-pool.js';
import type { SessionOptions } from '../models/runtime-session.js';
import type { Checkpoint } from '../pipelines/pipeline.js';

/** The input that a network takes of an image. */
export interface ImageInput {
  /** (channels, height, width) of the input that `prepare` makes; only images of one shape share a batch. */
  readonly shape: (image: RgbImage) => readonly [number, number, number];
  readonly prepare: (image: RgbImage) => Float32Array;
}

/** Embeds or scores images. */
export interface ImageTower {
  /** One output row per image, as the network gives it, in the order of the images. */
  embed(images: readonly RgbImage[], checkpoint?: Checkpoint): Promise<Float32Array[]>;
  release(): Promise<void>;
}

/** An input of (3, size, size) for every image. */
export const squareInput = (size: number, prepare: (image: RgbImage) => Float32Array): ImageInput => ({
  shape: () => [3, size, size],
  prepare,
});

/** Opens a network with the input `pixel_values`. */
export async function openImageTower(
  path: string,
  options: SessionOptions,
  { shape, prepare }: ImageInput,
  output = 'image_embeds',
): Promise<ImageTower> {
  const session = await sharedSession(path, options);
  return {
    async embed(images, checkpoint) {
      const groups = new Map<string, { readonly shape: readonly number[]; readonly indices: number[] }>();
      images.forEach((image, i) => {
        const own = shape(image);
        const group = groups.get(own.join()) ?? { shape: own, indices: [] };
        groups.set(own.join(), group);
        group.indices.push(i);
      });
      const out = new Array<Float32Array>(images.length);
      for (const { shape: own, indices } of groups.values()) {
        const rows = await session.run(
          indices,
          (slice) => ({ pixel_values: { rows: slice.map((i) => prepare(images[i]!)), shape: own } }),
          output,
          checkpoint,
        );
        indices.forEach((i, row) => {
          out[i] = rows[row]!;
        });
      }
      return out;
    },
    release: () => session.release(),
  };
}

/** A row at unit length. */
export function unit(row: Float32Array): Float32Array {
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
}
