/**
 * The images of the Frechet and kernel Inception distances with clean-fid's resize (Parmar et al. 2022,
 * arXiv 2104.11222): each channel as float32, Pillow's bicubic filter in mode F to 299 x 299 without regard to
 * proportions, clamped to [0, 255], then (x - 128) / 128. Values are not comparable to those of pytorch-fid,
 * which resizes without antialiasing.
 */
import { normalisedSquare, planesOf } from './float-planes.js';
import type { RgbImage } from './image.js';
import { resizeFloat } from './resize-float.js';

/** Side of Inception's square input, in pixels. */
export const INCEPTION_SIZE = 299;

const CENTRE = [128, 128, 128];

/** The encoder's input for one image, (3, 299, 299), -1 to 0.992. */
export function inceptionPreprocess(image: RgbImage): Float32Array {
  const planes = resizeFloat(planesOf(image), INCEPTION_SIZE, INCEPTION_SIZE, 'bicubic');
  const data = planes.data.map((value) => Math.min(255, Math.max(0, value)));
  return normalisedSquare({ ...planes, data }, 0, 0, INCEPTION_SIZE, CENTRE, CENTRE);
}
