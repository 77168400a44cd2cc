/**
 * The scores of an image beside the reference's image of the same prompt and seed: what each needs, and what it means. They
 * say how far two images are apart, not which is the better one.
 */
import type { PairScoreName } from '../../contract/names.js';

/** A pairwise score. */
export interface PairScoreEntry {
  /** Version of formula and preprocessing: it enters the key of every comparison. */
  readonly version: string;
  /** Kinds of scorer folder that it can be computed with; null if it needs none. */
  readonly kinds: readonly string[] | null;
  /** Which direction is nearer to the reference. */
  readonly direction: 'higher' | 'lower';
  readonly range: readonly [number, number];
  readonly unit: string;
  /** What it is of two equal images. */
  readonly equal: number;
  readonly formula: string;
  readonly reference: string;
}

export const PAIR_SCORE_TABLE: Readonly<Record<PairScoreName, PairScoreEntry>> = {
  psnr: {
    version: 'psnr-1',
    kinds: null,
    direction: 'higher',
    range: [0, 100],
    unit: 'dB',
    equal: 100,
    formula: '10 log10(255^2 / MSE) over all pixels and channels of an image, at most 100',
    reference: 'torchmetrics 1.9 PeakSignalNoiseRatio, data_range=255, one image per call',
  },
  ssim: {
    version: 'ssim-1',
    kinds: null,
    direction: 'higher',
    range: [-1, 1],
    unit: '',
    equal: 1,
    formula: 'Gaussian window 11 x 11, sigma 1.5, K1 .01, K2 .03, data range 1, reflected borders, mean over channels',
    reference: 'Wang et al. 2004; torchmetrics 1.9 StructuralSimilarityIndexMeasure',
  },
  lpips: {
    version: 'lpips-1',
    kinds: ['lpips'],
    direction: 'lower',
    range: [0, 2],
    unit: '',
    equal: 0,
    formula: 'sum over layers of the mean over positions of sum w (unit f - unit g)^2',
    reference: 'Zhang et al. 2018, arXiv 1801.03924; lpips 0.1.4, version 0.1',
  },
  dinov2: {
    version: 'dinov2-1',
    kinds: ['dinov2'],
    direction: 'higher',
    range: [-1, 1],
    unit: '',
    equal: 1,
    formula: 'cosine of the class tokens of both images',
    reference: 'Oquab et al. 2023, arXiv 2304.07193; transformers 5.23 Dinov2Model',
  },
  'clip-image': {
    version: 'clip-image-1',
    kinds: ['clip', 'clip-score', 'clip-iqa', 'hpsv2', 'pickscore', 'aq-map', 'cmmd'],
    direction: 'higher',
    range: [-1, 1],
    unit: '',
    equal: 1,
    formula: 'cosine of the image embeddings of both images',
    reference: 'Radford et al. 2021, arXiv 2103.00020',
  },
};

/** What decides a score's numbers beside the images. @param scorer what identifies its scorer; null for a score without */
export const pairScoreIdentity = (
  score: PairScoreName,
  scorer: Readonly<Record<string, unknown>> | null,
): Readonly<Record<string, unknown>> => ({ score, version: PAIR_SCORE_TABLE[score].version, scorer });
