/**
 * tokenizer.json for the JavaScript tokenizer, so that its ids are those of the Rust tokenizer that wrote the file. The
 * two differ in a capital sigma at the end of a word (JavaScript lowers it by context, Rust letter by letter) and in
 * U+FEFF, which the regular expression that is built into ByteLevel takes for a blank.
 */
import { Tokenizer } from '@huggingface/tokenizers';

/** How ByteLevel splits, in Rust: as a pattern of its own it gets the blanks of Unicode. */
const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

interface Part {
  readonly type?: string;
  readonly lowercase?: boolean;
  readonly use_regex?: boolean;
  readonly add_prefix_space?: boolean;
  readonly normalizers?: readonly Part[];
  readonly pretokenizers?: readonly Part[];
}

/** Texts to ids, without padding and cutting. */
export interface TextIds {
  ids(text: string): number[];
  /** The id of a token; undefined if there is none. */
  id(token: string): number | undefined;
}

/**
 * @param definition tokenizer.json
 * @param config tokenizer_config.json
 */
export function openTokenizer(definition: object, config: object): TextIds {
  const { normalizer, pre_tokenizer: splits } = definition as { normalizer?: Part; pre_tokenizer?: Part };
  const tokenizer = new Tokenizer(
    splits === undefined || splits === null ? definition : { ...definition, pre_tokenizer: withPattern(splits) },
    config,
  );
  const lowers = lowerCases(normalizer);
  return {
    ids: (text) => tokenizer.encode(lowers ? text.replaceAll('\u03a3', '\u03c3') : text).ids,
    id: (token) => tokenizer.token_to_id(token),
  };
}

const lowerCases = (part: Part | null | undefined): boolean =>
  part?.type === 'Lowercase' || part?.lowercase === true || (part?.normalizers?.some(lowerCases) ?? false);

function withPattern(part: Part): Part {
  if (part.pretokenizers !== undefined) return { ...part, pretokenizers: part.pretokenizers.map(withPattern) };
  if (part.type !== 'ByteLevel' || part.use_regex === false || part.add_prefix_space !== false) return part;
  const split = { type: 'Split', pattern: { Regex: GPT2_PATTERN }, behavior: 'Isolated', invert: false };
  return { type: 'Sequence', pretokenizers: [split, { ...part, use_regex: false }] };
}
