/**
 * One prompt.
 */

/** A prompt, with its nouns if its set has them. */
export interface Prompt {
  readonly text: string;
  readonly nouns: readonly string[] | null;
}
