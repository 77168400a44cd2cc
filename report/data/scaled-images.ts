/**
 * Images made small enough for one document: at the largest side with which all of them fit, as JPEG, which takes a sixth
 * of what PNG takes for a photo. Those that fit stay as they are.
 */
import { encode } from 'jpeg-js';
import { decodeImage } from '../../artefacts/artefact-formats.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { resizePillow } from '../../metrics/images/resize-pillow.js';

/** Bytes of an image file. */
export interface ImageFile {
  readonly type: 'image/png' | 'image/jpeg';
  readonly bytes: Uint8Array;
}

/** No image is made larger than this when it has to be made smaller, nor smaller than this, in pixels of its longer side. */
const LARGEST_SIDE = 512;
const LEAST_SIDE = 32;
const QUALITY = 90;
/** Images that the side is first estimated from, and how much of it is taken. */
const TRIED = 4;
const MARGIN = 0.96;

/** Characters of data URIs in base64. */
export const charactersOf = (files: readonly ImageFile[]): number =>
  files.reduce((sum, { bytes }) => sum + 4 * Math.ceil(bytes.length / 3), 0);

/**
 * @param files PNG
 * @param most characters of all of them in base64
 * @returns and the longer side of the largest; the files as they are, if they fit
 */
export function scaledToFit(files: readonly ImageFile[], most: number): { files: readonly ImageFile[]; side: number } {
  const images = files.map(({ bytes }) => decodeImage(bytes)).map((one) => (one && 'data' in one ? one : undefined));
  const longest = images.reduce((side, one) => Math.max(side, one?.width ?? 0, one?.height ?? 0), 0);
  if (charactersOf(files) <= most) return { files, side: longest };
  const scaled = (side: number, among: readonly (RgbImage | undefined)[]): ImageFile[] =>
    among.map((image, i) => (image === undefined ? files[i]! : jpegOf(atMost(image, side))));
  const smaller = (side: number, characters: number): number =>
    Math.max(LEAST_SIDE, Math.min(side - 1, Math.floor(MARGIN * side * Math.sqrt(most / characters))));
  let side = Math.min(longest, LARGEST_SIDE);
  const some = images.filter((image) => image !== undefined).slice(0, TRIED);
  const expected = (charactersOf(scaled(side, some)) * files.length) / Math.max(1, some.length);
  if (expected > most) side = smaller(side, expected);
  for (;;) {
    const all = scaled(side, images);
    const characters = charactersOf(all);
    if (characters <= most || side <= LEAST_SIDE) return { files: all, side };
    side = smaller(side, characters);
  }
}

function jpegOf({ width, height, data }: RgbImage): ImageFile {
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    rgba.set(data.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
  }
  return { type: 'image/jpeg', bytes: encode({ width, height, data: rgba }, QUALITY).data };
}

function atMost(image: RgbImage, side: number): RgbImage {
  const scale = side / Math.max(image.width, image.height);
  if (scale >= 1) return image;
  const [width, height] = [image.width, image.height].map((one) => Math.max(1, Math.round(one * scale)));
  return resizePillow(image, width!, height!, 'bilinear');
}
