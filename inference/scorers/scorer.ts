/**
 * What scores images: one interface for CLIPs, plain algorithms, plug-ins and scorers behind HTTP.
 */
import type { RgbImage } from '../../metrics/images/image.js';
import type { Checkpoint } from '../pipelines/pipeline.js';

/** An image with the prompt that it was made from. */
export interface ScoredImage {
  readonly image: RgbImage;
  readonly text: string;
  /** Nouns of the prompt, if its prompt set lists them; null leaves them to a part-of-speech tagger. */
  readonly nouns?: readonly string[] | null;
}

/** Scores images; a row depends on its own image alone. */
export interface Scorer {
  /** The name by which a spec calls it. */
  readonly role: string;
  /** Names of the raw terms, in the order of a row; empty if it only has features. */
  readonly names: readonly string[];
  /**
   * Raw terms, one row of `names` per image. A value that is not finite is a failure of that image, never a score; the
   * rows of other images remain valid.
   *
   * @param checkpoint awaited between network calls
   * @throws QschedError (failure) if the scorer itself fails: nothing is stored, and the call is repeated
   */
  score(images: readonly ScoredImage[], checkpoint?: Checkpoint): Promise<Float64Array[]>;
  /** Features for distances between sets, one row of equal length per image; absent if it has none. */
  readonly features?: (images: readonly RgbImage[], checkpoint?: Checkpoint) => Promise<Float32Array[]>;
  /**
   * How far images are from reference images of their size, one number per pair; absent if it compares none by itself. A
   * number that is not finite is a failure of that pair.
   */
  readonly compare?: (
    reference: readonly RgbImage[],
    candidate: readonly RgbImage[],
    checkpoint?: Checkpoint,
  ) => Promise<Float64Array>;
  release(): Promise<void>;
}
