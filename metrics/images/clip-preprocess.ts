/**
 * From an image to the input of a CLIP image encoder: shortest side to `size` (bicubic,
 * Pillow's), centre crop, to [0, 1], minus mean, by standard deviation. The order and the
 * sizes of transformers 5.23, `CLIPImageProcessorPil`.
 */
import { QschedError } from '../../contract/errors.js';
import { checkImage, type RgbImage } from './image.js';
import { resizePillow } from './resize-pillow.js';

/** Mean of R, G, B that OpenAI's CLIP was trained with, on [0, 1]. */
export const CLIP_MEAN: readonly [number, number, number] = [0.48145466, 0.4578275, 0.40821073];

/** Standard deviation of R, G, B that OpenAI's CLIP was trained with, on [0, 1]. */
export const CLIP_STD: readonly [number, number, number] = [0.26862954, 0.26130258, 0.27577711];

/** How an encoder expects its images. */
export interface ClipPreprocessing {
  /** Side S of the square input, in pixels; not used if `resize` is false. */
  readonly size: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  /** Length of the shortest side before the crop, at least S; by default S. */
  readonly shortest?: number;
  /** False for CLIP-IQA (torchmetrics): neither resize nor crop, the encoder takes any size. */
  readonly resize: boolean;
}

/**
 * The encoder's input for one image.
 *
 * @returns (3, S, S), or (3, height, width) if `resize` is false
 * @throws QschedError (failure) if the size is not a positive whole number
 */
export function clipPreprocess(
  image: RgbImage,
  { size, shortest = size, mean, std, resize }: ClipPreprocessing,
): Float32Array {
  checkImage(image);
  if (!resize) return normalise(image, 0, 0, image.width, image.height, mean, std);
  if (!Number.isInteger(size) || size < 1) {
    throw new QschedError('failure', `An encoder's input size must be a whole number of pixels, not ${size}.`);
  }
  const { width, height } = image;
  // The longer side is cut down to a whole number, as Python's int() does.
  const newWidth = width <= height ? shortest : Math.trunc((shortest * width) / height);
  const newHeight = width <= height ? Math.trunc((shortest * height) / width) : shortest;
  const fitted =
    newWidth === width && newHeight === height ? image : resizePillow(image, newWidth, newHeight, 'bicubic');
  const left = Math.floor((newWidth - size) / 2);
  const top = Math.floor((newHeight - size) / 2);
  return normalise(fitted, left, top, size, size, mean, std);
}

function normalise(
  { data, width: stride }: RgbImage,
  left: number,
  top: number,
  width: number,
  height: number,
  mean: readonly number[],
  std: readonly number[],
): Float32Array {
  const area = width * height;
  const out = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    const m = mean[channel]!;
    const s = std[channel]!;
    for (let y = 0; y < height; y++) {
      let at = ((top + y) * stride + left) * 3 + channel;
      const to = channel * area + y * width;
      for (let x = 0; x < width; x++, at += 3) out[to + x] = (data[at]! / 255 - m) / s;
    }
  }
  return out;
}
