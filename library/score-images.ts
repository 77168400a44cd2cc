/**
 * Scoring images that exist already, whoever made them. ONNX Runtime is loaded when something is scored.
 */
import type { ImageSource } from './read-image.js';

/** How images are scored. */
export interface ScoreImagesOptions {
  /** The prompt of each image, in the same order; one text alone belongs to all of them. */
  readonly prompts: string | readonly string[];
  /** A scorer folder: its name under QSCHED_MODELS or the bundled models (`npx qsched scores`), or its path. */
  readonly scorer: string;
  /** Weight of image quality in JAQ = TC + k IQ; 2 by default. */
  readonly k?: number;
  /** An execution provider of ONNX Runtime: cpu (default), webgpu, cuda, ... */
  readonly device?: string;
  /** Threads of ONNX Runtime; by default one per core, at most 16. */
  readonly threads?: number;
  /** Rows per network call, 20 by default. Another number may change the last bits of the terms. */
  readonly batch?: number;
}

/** The scores of one image. */
export interface ImageScores {
  /** Raw terms by name, for example `cosine` and `clip-iqa.quality`. */
  readonly terms: Readonly<Record<string, number>>;
  /** 2.5 max(cosine, 0) + k CLIP-IQA(quality), the objective `jaq-clip` of this image; null if the scorer is no CLIP. */
  readonly jaq: number | null;
}

/**
 * Scores images with one scorer: raw terms and JAQ, without a server and without a database. The JAQ of a set is the mean
 * over its images.
 *
 * @param images 8-bit RGB images, or paths of PNG files
 * @returns one entry per image, in order
 * @throws QschedError (usage): no such scorer or device, a file that is no PNG image, or not one prompt per image;
 *   (failure): a term that is not finite, named with its image
 */
export async function scoreImages(images: readonly ImageSource[], options: ScoreImagesOptions): Promise<ImageScores[]> {
  const { scoreWith } = await import('./score-with.js');
  return scoreWith(images, options);
}
