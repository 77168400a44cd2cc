/**
 * AQ-MAP, the text term of Q-Sched's preference objective (arXiv 2509.01624): how much an image shows each
 * noun of its caption, in the corrected form.
 *
 *   t(n)  = unit(mean of unit CLIP embeddings of n in 85 templates)
 *   score = mean over nouns of sigmoid(10 f . (t(n) - t(""))), f the unit CLIP embedding of the image
 *
 * Differences from the released code: that normalises over the axis of tokens, where CLIP Surgery later
 * corrected to the axis of features, in which case f is plain ViT-B/16's; it takes a round trip of the image
 * through JPEG, which is left out; and it turns errors into 0, whereas a value that is not finite is a failure here.
 * The empty string t("") goes through the same 85 templates, as in CLIP Surgery.
 */
import { clipPreprocess } from '../images/clip-preprocess.js';
import type { Embedding } from './clip-score.js';
import type { RgbImage } from '../images/image.js';
import { resizePillow } from '../images/resize-pillow.js';

const SCALE = 10;

/** The score of a caption, or of a part of one, that has no noun. */
export const AQ_MAP_WITHOUT_NOUN = 0.5;

/**
 * The encoder's input: squashed to a square with Pillow's bicubic filter, nothing cut off, then normalised.
 *
 * @param size side S of the square, in pixels (224)
 * @returns (3, S, S)
 * @throws QschedError (failure) if the size is not a positive whole number
 */
export function aqMapPreprocess(
  image: RgbImage,
  size: number,
  mean: readonly [number, number, number],
  std: readonly [number, number, number],
): Float32Array {
  return clipPreprocess(resizePillow(image, size, size, 'bicubic'), { size, mean, std, resize: false });
}

/** unit(mean of unit rows): one embedding for a noun in all templates, summed in float64. */
export function ensembleEmbedding(rows: readonly Embedding[]): Float64Array {
  const sum = new Float64Array(rows[0]!.length);
  for (const row of rows) {
    const length = norm(row);
    for (let i = 0; i < sum.length; i++) sum[i]! += row[i]! / length;
  }
  const length = norm(sum);
  return sum.map((value) => value / length);
}

/**
 * AQ-MAP of one image.
 *
 * @param image its embedding; it need not have unit length
 * @param nouns one ensemble embedding a noun
 * @param empty ensemble embedding of the empty string
 * @returns 0 to 1; 0.5 without nouns, and exactly 0.5 for a noun that is the empty string; NaN if an embedding has one
 */
export function aqMap(image: Embedding, nouns: readonly Embedding[], empty: Embedding): number {
  const length = norm(image);
  if (!Number.isFinite(length) || length === 0) return Number.NaN;
  if (nouns.length === 0) return AQ_MAP_WITHOUT_NOUN;
  let sum = 0;
  for (const noun of nouns) {
    let dot = 0;
    for (let i = 0; i < empty.length; i++) dot += image[i]! * (noun[i]! - empty[i]!);
    sum += 1 / (1 + Math.exp((-SCALE * dot) / length));
  }
  return sum / nouns.length;
}

function norm(row: Embedding): number {
  let sum = 0;
  for (const value of row) sum += value * value;
  return Math.sqrt(sum);
}
