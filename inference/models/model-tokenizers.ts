/**
 * The tokenizers of a model, for questions about texts: how long they are, and which of them are read alike.
 */
import { join } from 'node:path';
import { loadClipTokenizer } from './clip-tokenizer.js';

/** One tokenizer of a model. */
export interface TextReader {
  /** Its folder in the model, for example `tokenizer_2`. */
  readonly name: string;
  /** Tokens that its encoder reads. */
  readonly length: number;
  /** How many texts have more tokens, so that their ends are cut; the end-of-text token stays. */
  readonly truncated: (texts: readonly string[]) => number;
  /** The ids that the encoder reads. */
  readonly ids: (text: string) => Int32Array;
}

/** Loads every tokenizer of a model. @throws QschedError (usage) if a file is missing */
export const modelTokenizers = ({
  folder,
  tokenizers,
}: {
  readonly folder: string;
  readonly tokenizers: readonly string[];
}): TextReader[] =>
  tokenizers.map((name): TextReader => {
    const tokenizer = loadClipTokenizer(join(folder, name));
    return {
      name,
      length: tokenizer.length,
      truncated: (texts) => tokenizer.truncated(texts),
      ids: (text) => tokenizer.encode([text])[0]!,
    };
  });
