/**
 * CLIP-IQA (Wang et al. 2022, arXiv 2207.12396): the probability that an image is nearer to
 * the good of two antonymous captions. Captions and formula of torchmetrics.
 */
import { cosineSimilarity, type Embedding } from './clip-score.js';

/** Antonym pairs by name, [positive, negative]; the names are torchmetrics', spelling included. */
export const CLIP_IQA_PROMPTS = {
  quality: ['Good photo.', 'Bad photo.'],
  brightness: ['Bright photo.', 'Dark photo.'],
  noisiness: ['Clean photo.', 'Noisy photo.'],
  colorfullness: ['Colorful photo.', 'Dull photo.'],
  sharpness: ['Sharp photo.', 'Blurry photo.'],
  contrast: ['High contrast photo.', 'Low contrast photo.'],
  complexity: ['Complex photo.', 'Simple photo.'],
  natural: ['Natural photo.', 'Synthetic photo.'],
  happy: ['Happy photo.', 'Sad photo.'],
  scary: ['Scary photo.', 'Peaceful photo.'],
  new: ['New photo.', 'Old photo.'],
  warm: ['Warm photo.', 'Cold photo.'],
  real: ['Real photo.', 'Abstract photo.'],
  beautiful: ['Beautiful photo.', 'Ugly photo.'],
  lonely: ['Lonely photo.', 'Sociable photo.'],
  relaxing: ['Relaxing photo.', 'Stressful photo.'],
} as const satisfies Readonly<Record<string, readonly [string, string]>>;

/** A named antonym pair. */
export type ClipIqaName = keyof typeof CLIP_IQA_PROMPTS;

/**
 * softmax(100 * [cos+, cos-])[0], which is the logistic function of 100 * (cos+ - cos-).
 *
 * @param positive cosine of image and positive caption
 * @param negative cosine of image and negative caption
 * @returns 0 to 1; NaN if a cosine is NaN
 */
export function clipIqaFromCosines(positive: number, negative: number): number {
  const logit = 100 * (positive - negative);
  if (logit >= 0) return 1 / (1 + Math.exp(-logit));
  const e = Math.exp(logit);
  return e / (1 + e);
}

/**
 * CLIP-IQA of one image for one antonym pair.
 *
 * @returns 0 (the negative caption) to 1 (the positive one)
 * @throws QschedError (failure) if the lengths differ
 */
export function clipIqa(imageEmbedding: Embedding, positiveEmbedding: Embedding, negativeEmbedding: Embedding): number {
  return clipIqaFromCosines(
    cosineSimilarity(imageEmbedding, positiveEmbedding),
    cosineSimilarity(imageEmbedding, negativeEmbedding),
  );
}
