/**
 * The images of MANIQA (Yang et al. 2022, arXiv 2204.08958): a score is the mean over 20 crops of 224 x 224.
 * The published code takes random crops; here they are spread evenly, so that scores are reproducible.
 *
 * Five places along the longer side, four along the shorter one (width counts as the longer side of a square), each
 * from edge to edge in equal steps, rounded down. An image whose shorter side is below 224 is first enlarged to it
 * with Pillow's bicubic filter, its proportions kept.
 */
import { clipPreprocess } from '../images/clip-preprocess.js';
import { cropImage } from '../images/crop.js';
import type { RgbImage } from '../images/image.js';
import { resizePillow } from '../images/resize-pillow.js';

/** Side of a crop, in pixels. */
export const MANIQA_SIZE = 224;

const ALONG_LONGER = 5;
const ALONG_SHORTER = 4;
const HALF: readonly [number, number, number] = [0.5, 0.5, 0.5];

/** A crop, and how many of the 20 fall on it: in an image of 224 x 224 they all do. */
export interface WeightedCrop {
  readonly image: RgbImage;
  readonly weight: number;
}

/**
 * The distinct crops of an image, rows from the top; the weights sum to 20.
 *
 * @throws QschedError (failure) if the image's sides do not match its data
 */
export function maniqaCrops(image: RgbImage): WeightedCrop[] {
  const fitted = atLeast(image, MANIQA_SIZE);
  const wide = fitted.width >= fitted.height;
  const columns = places(fitted.width - MANIQA_SIZE, wide ? ALONG_LONGER : ALONG_SHORTER);
  const rows = places(fitted.height - MANIQA_SIZE, wide ? ALONG_SHORTER : ALONG_LONGER);
  return [...rows].flatMap(([top, down]) =>
    [...columns].map(([left, across]) => ({
      image: cropImage(fitted, left, top, MANIQA_SIZE, MANIQA_SIZE),
      weight: down * across,
    })),
  );
}

/** A crop as (3, 224, 224), -1 to 1. */
export function maniqaPreprocess(crop: RgbImage): Float32Array {
  return clipPreprocess(crop, { size: MANIQA_SIZE, mean: HALF, std: HALF, resize: false });
}

/** Mean over the 20 crops from the scores of the distinct ones. */
export function maniqaScore(scores: ArrayLike<number>, crops: readonly WeightedCrop[]): number {
  let sum = 0;
  let weights = 0;
  crops.forEach(({ weight }, i) => {
    sum += weight * scores[i]!;
    weights += weight;
  });
  return sum / weights;
}

/** Places 0 to `room` in equal steps, with how often each occurs. */
function places(room: number, count: number): Map<number, number> {
  const found = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const at = Math.floor((i * room) / (count - 1));
    found.set(at, (found.get(at) ?? 0) + 1);
  }
  return found;
}

function atLeast(image: RgbImage, size: number): RgbImage {
  const { width, height } = image;
  if (Math.min(width, height) >= size) return image;
  return width <= height
    ? resizePillow(image, size, Math.trunc((size * height) / width), 'bicubic')
    : resizePillow(image, Math.trunc((size * width) / height), size, 'bicubic');
}
