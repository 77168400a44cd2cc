/**
 * Token ids in rows of equal length: a text that is too long is cut with its last token kept, a shorter one is padded.
 */
import type { TextIds } from './tokenizer-definition.js';

/** Tokenises texts to rows of equal length. */
export interface TokenRows {
  readonly length: number;
  /** One row of `length` ids per text. */
  encode(texts: readonly string[]): Int32Array[];
  /** How many of the texts are cut. */
  truncated(texts: readonly string[]): number;
}

/** Ids of the tokens at the end of a row. */
interface RowEnd {
  readonly eos: number;
  readonly pad: number;
}

/** @param length tokens per row, EOS included */
export const tokenRows = (tokenizer: TextIds, length: number, { eos, pad }: RowEnd): TokenRows => ({
  length,
  encode: (texts) =>
    texts.map((text) => {
      const full = tokenizer.ids(text);
      const row = new Int32Array(length).fill(pad);
      row.set(full.length > length ? [...full.slice(0, length - 1), eos] : full);
      return row;
    }),
  truncated: (texts) => texts.filter((text) => tokenizer.ids(text).length > length).length,
});
