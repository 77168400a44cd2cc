/**
 * What scoring images takes and gives.
 */

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
