/**
 * How each pairwise score is computed, by its name (metrics/pairwise/pair-score-table.ts).
 */
import type { PairScoreName } from '../../contract/names.js';
import { QschedError } from '../../contract/errors.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { boundedPsnr } from '../../metrics/pairwise/psnr.js';
import { ssim } from '../../metrics/pairwise/ssim.js';
import { cosineSimilarity } from '../../metrics/scores/clip-score.js';
import type { Checkpoint } from '../pipelines/pipeline.js';
import type { Scorer } from './scorer.js';

/** Images with the references of their prompts and seeds, of one size each. */
export interface ImagePairs {
  readonly reference: readonly RgbImage[];
  readonly candidate: readonly RgbImage[];
}

/** @param scorer opens the scorer that the score needs */
type Comparison = (
  pairs: ImagePairs,
  scorer: () => Promise<Scorer>,
  checkpoint: Checkpoint | undefined,
) => Promise<Float64Array>;

/** A function of two images alone. */
const pixels =
  (score: (reference: RgbImage, candidate: RgbImage) => number): Comparison =>
  async ({ reference, candidate }, _, checkpoint) => {
    const values = new Float64Array(reference.length);
    for (let i = 0; i < values.length; i += 1) {
      values[i] = score(reference[i]!, candidate[i]!);
      await checkpoint?.();
    }
    return values;
  };

/** The cosine of the features of both images. */
const features: Comparison = async ({ reference, candidate }, scorer, checkpoint) => {
  const open = await scorer();
  if (open.features === undefined) throw cannot(open.role, 'has no features of images');
  const before = await open.features(reference, checkpoint);
  const after = await open.features(candidate, checkpoint);
  return Float64Array.from(before, (row, i) => cosineSimilarity(row, after[i]!));
};

const distance: Comparison = async ({ reference, candidate }, scorer, checkpoint) => {
  const open = await scorer();
  if (open.compare === undefined) throw cannot(open.role, 'compares no images');
  return open.compare(reference, candidate, checkpoint);
};

const cannot = (role: string, why: string): QschedError =>
  new QschedError('usage', `The scorer "${role}" ${why}.`, 'See `npx qsched scores` for what each score needs.');

/** One number per pair, in order; one that is not finite is a failure of its pair. */
export const COMPARISONS: Readonly<Record<PairScoreName, Comparison>> = {
  psnr: pixels(boundedPsnr),
  ssim: pixels(ssim),
  lpips: distance,
  dinov2: features,
  'clip-image': features,
};
