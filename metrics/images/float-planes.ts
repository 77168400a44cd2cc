/**
 * Float planes of an image, and the step from planes to an encoder's input.
 */
import { checkImage, type RgbImage } from './image.js';
import type { FloatPlanes } from './resize-float.js';

/** The image as (3, height, width), every value divided by `divisor`, in float32. */
export function planesOf(image: RgbImage, divisor = 1): FloatPlanes {
  checkImage(image);
  const { width, height, data } = image;
  const area = width * height;
  const out = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < area; i++) out[channel * area + i] = data[3 * i + channel]! / divisor;
  }
  return { channels: 3, height, width, data: out };
}

/**
 * A square of the planes, each value through (x - mean) / std of its channel.
 *
 * @param left first column, may lie anywhere such that the square is inside
 * @param top first row
 * @param size side S of the square
 * @returns (channels, S, S)
 */
export function normalisedSquare(
  { channels, height, width, data }: FloatPlanes,
  left: number,
  top: number,
  size: number,
  mean: readonly number[],
  std: readonly number[],
): Float32Array {
  const out = new Float32Array(channels * size * size);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    const m = mean[channel]!;
    const s = std[channel]!;
    for (let y = 0; y < size; y++) {
      const from = (channel * height + top + y) * width + left;
      for (let x = 0; x < size; x++) out[to++] = (data[from + x]! - m) / s;
    }
  }
  return out;
}
