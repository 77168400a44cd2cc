/**
 * What scores images: one interface for CLIPs, algorithms of their own, plug-ins and scorers behind HTTP.
 */
import type { RgbImage } from '../../metrics/images/image.js';

/** An image with the prompt that it was made from. */
export interface ScoredImage {
  readonly image: RgbImage;
  readonly text: string;
  /** Nouns of the prompt, where its prompt set names them; null leaves them to a part-of-speech tagger. */
  readonly nouns?: readonly string[] | null;
}

/** Awaited between network calls: lets messages in, throws to stop. */
export type Between = () => Promise<void>;

/** Scores images; a row depends on its own image alone. */
export interface Scorer {
  /** The name by which a spec calls it. */
  readonly role: string;
  /** Names of the raw terms, in the order of a row; empty where it only has features. */
  readonly names: readonly string[];
  /**
   * Raw terms, one row of `names` an image. A value that is not finite is that image's
   * failure, never a score; the rows of other images stay good.
   *
   * @throws QschedError (failure) where the scorer itself does not work: nothing is stored, and the call is repeated
   */
  score(images: readonly ScoredImage[], between?: Between): Promise<Float64Array[]>;
  /** Features for distances between sets, one row of equal length an image; absent where it has none. */
  readonly features?: (images: readonly RgbImage[], between?: Between) => Promise<Float32Array[]>;
  release(): Promise<void>;
}
