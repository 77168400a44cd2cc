/**
 * PickScore (Kirstain et al. 2023, arXiv 2305.01569): exp(logit_scale) * cos of a CLIP-H that was trained on
 * people's choices. About 15 to 25 with the published weights; only differences of one prompt mean anything.
 */
import { cosineSimilarity, type Embedding } from './clip-score.js';

/**
 * @param logitScale the model's logit_scale, before exp
 * @returns exp(logitScale) * cos; NaN if an embedding has one
 * @throws QschedError (failure) if the lengths differ
 */
export function pickScore(image: Embedding, text: Embedding, logitScale: number): number {
  return Math.exp(logitScale) * cosineSimilarity(image, text);
}
