/**
 * Token ids as CLIP takes them: BOS, text, EOS, cut to the model's length with EOS kept, then padded.
 */
import { readJson } from './folder-files.js';
import { openTokenizer } from './tokenizer-definition.js';

/** Tokenises texts to rows of equal length. */
export interface ClipTokenizer {
  readonly length: number;
  /** One row of `length` ids per text. */
  encode(texts: readonly string[]): Int32Array[];
  /** How many of the texts are cut. */
  truncated(texts: readonly string[]): number;
}

/** Tokens that CLIP's text encoders read. */
const CLIP_LENGTH = 77;
/** Tokenizers without a length have 1e30 in their config. */
const MAX_LENGTH = 4096;

interface TokenizerConfig {
  readonly model_max_length?: number;
  readonly pad_token?: string | { readonly content: string };
  readonly eos_token?: string | { readonly content: string };
}

const configOf = (folder: string): TokenizerConfig => readJson(folder, 'tokenizer_config.json') as TokenizerConfig;

const lengthOf = ({ model_max_length: length = CLIP_LENGTH }: TokenizerConfig): number =>
  length > MAX_LENGTH ? CLIP_LENGTH : length;

/** Tokens per text, by tokenizer_config.json of a folder; CLIP's 77 if it names none. */
export const tokenLength = (folder: string): number => lengthOf(configOf(folder));

/** Loads tokenizer.json and tokenizer_config.json of a folder. */
export function loadClipTokenizer(folder: string): ClipTokenizer {
  const config = configOf(folder);
  const tokenizer = openTokenizer(readJson(folder, 'tokenizer.json') as object, config);
  const length = lengthOf(config);
  const content = (token: string | { content: string } | undefined) =>
    typeof token === 'object' ? token.content : token;
  const eosToken = content(config.eos_token) ?? '<|endoftext|>';
  const eos = tokenizer.id(eosToken) ?? 0;
  const pad = tokenizer.id(content(config.pad_token) ?? eosToken) ?? eos;
  return {
    length,
    encode: (texts) =>
      texts.map((text) => {
        const full = tokenizer.ids(text);
        const row = new Int32Array(length).fill(pad);
        row.set(full.length > length ? [...full.slice(0, length - 1), eos] : full);
        return row;
      }),
    truncated: (texts) => texts.filter((text) => tokenizer.ids(text).length > length).length,
  };
}
