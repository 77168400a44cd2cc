/**
 * One prompt.
 */

/** A prompt, with its nouns where its set names them. */
export interface Prompt {
  readonly text: string;
  readonly nouns: readonly string[] | null;
}
