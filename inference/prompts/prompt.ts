/**
 * One prompt.
 */

/** A prompt, with its nouns if its set has them. */
export interface Prompt {
  readonly text: string;
  readonly nouns: readonly string[] | null;
}

/** A prompt of a file, with its category if the file has one. */
export interface FilePrompt extends Prompt {
  readonly category: string | null;
}
