/**
 * CLIPScore: how well an image fits its caption, from the cosine of their CLIP embeddings.
 *
 * Two scales are in use. Hessel et al. 2021 (arXiv 2104.08718), whom the Q-Sched paper
 * cites: w * max(cos, 0) with w = 2.5, about 0 to 1. torchmetrics: 100 * cos, clamped at 0
 * only after the mean over the set.
 */
import { QschedError } from '../../contract/errors.js';

/** An embedding, as an encoder gives it; it need not have unit length. */
export type Embedding = Float32Array | Float64Array | readonly number[];

/**
 * Cosine of the angle between two vectors, summed in float64 in index order.
 *
 * @returns -1 to 1 up to rounding; NaN if a vector is zero or holds a NaN, which the
 *   caller reports as a failed evaluation
 * @throws QschedError (failure) if the lengths differ or are zero
 */
export function cosineSimilarity(a: Embedding, b: Embedding): number {
  if (a.length !== b.length || a.length === 0) {
    throw new QschedError(
      'failure',
      `Embeddings of ${a.length} and ${b.length} values cannot be compared: both encoders must come from one model.`,
    );
  }
  let dot = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[i]!;
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / (Math.sqrt(aa) * Math.sqrt(bb));
}

/** CLIPScore of one image on torchmetrics' scale, before its clamp: 100 * cos, -100 to 100. */
export function clipScore(imageEmbedding: Embedding, textEmbedding: Embedding): number {
  return 100 * cosineSimilarity(imageEmbedding, textEmbedding);
}

/** CLIPScore of Hessel et al. (their Eq. 1) from a cosine: 2.5 * max(cos, 0), 0 to 2.5. */
export function clipScoreHessel(cosine: number): number {
  return 2.5 * Math.max(cosine, 0);
}

/**
 * CLIPScore of a set as torchmetrics 1.x defines it: max(mean of 100 * cos, 0).
 *
 * @param cosines one per image
 * @throws QschedError (failure) for an empty set
 */
export function meanClipScore(cosines: ArrayLike<number>): number {
  if (cosines.length === 0) throw new QschedError('failure', 'CLIPScore of no images at all.');
  let sum = 0;
  for (let i = 0; i < cosines.length; i++) sum += 100 * cosines[i]!;
  return Math.max(sum / cosines.length, 0);
}
