/**
 * An image for scoring, from memory or from a PNG file, as Pillow's `Image.open(path).convert("RGB")` gives it.
 */
import { readFileSync } from 'node:fs';
import { decode, type DecodedPng } from 'fast-png';
import { messageOf, QschedError } from '../contract/errors.js';
import { checkImage, type RgbImage } from '../metrics/images/image.js';

/** An 8-bit RGB image, or the path of a PNG file. */
export type ImageSource = RgbImage | string;

/** @throws QschedError (usage): no such file, not an 8-bit PNG, or data that does not fit the image's sides */
export function readImage(source: ImageSource): RgbImage {
  if (typeof source !== 'string') {
    checkImage(source);
    return source;
  }
  let png: DecodedPng;
  try {
    png = decode(readFileSync(source));
  } catch (error) {
    throw new QschedError(
      'usage',
      `${source} cannot be read as a PNG image: ${messageOf(error)}`,
      'Give the path of a PNG file, or an image as { width, height, data } with 8-bit RGB values.',
    );
  }
  if (png.depth === 16) {
    throw new QschedError('usage', `${source} has 16 bits per value.`, 'Save it with 8 bits per value.');
  }
  return { width: png.width, height: png.height, data: rgbOf(png) };
}

/** Alpha is dropped, grey repeated, and a palette looked up; pixels of less than 8 bits are palette indices or grey levels. */
function rgbOf({ width, height, data, channels, depth, palette }: DecodedPng): Uint8Array {
  const rgb = new Uint8Array(3 * width * height);
  const bytesPerRow = Math.ceil((width * channels * depth) / 8);
  const scale = palette === undefined ? 255 / (2 ** depth - 1) : 1;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = 3 * (y * width + x);
      if (channels >= 3) {
        for (let c = 0; c < 3; c += 1) rgb[at + c] = data[y * bytesPerRow + x * channels + c]!;
        continue;
      }
      const bit = x * channels * depth;
      const byte = data[y * bytesPerRow + (bit >> 3)]!;
      const level = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
      const [r, g, b] = palette === undefined ? [level * scale, level * scale, level * scale] : palette[level]!;
      rgb[at] = r!;
      rgb[at + 1] = g!;
      rgb[at + 2] = b!;
    }
  }
  return rgb;
}
