/**
 * Token ids as CLIP takes them: BOS, text, EOS, cut to the model's length with EOS kept, then padded.
 */
import { Tokenizer } from '@huggingface/tokenizers';
import { readJson } from './model-folder.js';

/** Tokenises texts to rows of equal length. */
export interface ClipTokenizer {
  readonly length: number;
  /** texts -> ids (B, length), row after row. */
  encode(texts: readonly string[]): BigInt64Array;
  /** How many of the texts were cut. */
  truncated(texts: readonly string[]): number;
}

/** Loads tokenizer.json and tokenizer_config.json of a folder. */
export function loadClipTokenizer(folder: string): ClipTokenizer {
  const definition = readJson(folder, 'tokenizer.json') as object;
  const config = readJson(folder, 'tokenizer_config.json') as {
    model_max_length?: number;
    pad_token?: string | { content: string };
    eos_token?: string | { content: string };
  };
  const tokenizer = new Tokenizer(definition, config);
  const length = Math.min(config.model_max_length ?? 77, 4096);
  const content = (token: string | { content: string } | undefined) =>
    typeof token === 'object' ? token.content : token;
  const eosToken = content(config.eos_token) ?? '<|endoftext|>';
  const eos = tokenizer.token_to_id(eosToken) ?? 0;
  const pad = tokenizer.token_to_id(content(config.pad_token) ?? eosToken) ?? eos;
  return {
    length,
    encode(texts) {
      const ids = new BigInt64Array(texts.length * length).fill(BigInt(pad));
      texts.forEach((text, row) => {
        const full: number[] = tokenizer.encode(text).ids;
        const cut = full.length > length ? [...full.slice(0, length - 1), eos] : full;
        cut.forEach((id, column) => {
          ids[row * length + column] = BigInt(id);
        });
      });
      return ids;
    },
    truncated: (texts) => texts.filter((text) => tokenizer.encode(text).ids.length > length).length,
  };
}
