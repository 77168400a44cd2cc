/**
 * CLIP-IQA over all of its antonym pairs, for every scorer that has both towers.
 */
import { CLIP_IQA_PROMPTS, clipIqaFromCosines, type ClipIqaName } from '../../metrics/scores/clip-iqa.js';
import { cosineSimilarity } from '../../metrics/scores/clip-score.js';
import type { TextTower } from './text-tower.js';

const PAIRS = Object.keys(CLIP_IQA_PROMPTS) as ClipIqaName[];

/** Names of the terms, a pair each. */
export const ANTONYM_TERMS: readonly string[] = PAIRS.map((pair) => `clip-iqa.${pair}`);

/** Embeddings of all captions, positive and negative in turn. */
export const antonymCaptions = (texts: TextTower): Promise<Float32Array[]> =>
  texts.embed(PAIRS.flatMap((pair) => [...CLIP_IQA_PROMPTS[pair]]));

/** One probability a pair. */
export function antonymScores(image: Float32Array, captions: readonly Float32Array[]): number[] {
  const cosines = captions.map((caption) => cosineSimilarity(image, caption));
  return PAIRS.map((_, p) => clipIqaFromCosines(cosines[2 * p]!, cosines[2 * p + 1]!));
}
