/**
 * tokenizer.json for the JavaScript tokenizer, so that its ids are those of the Rust tokenizer that wrote the file. The
 * two differ in a capital sigma at the end of a word (JavaScript lowers it by context, Rust letter by letter), in what is a
 * blank (JavaScript counts U+FEFF and not U+0085), and in SentencePiece's normaliser, which JavaScript approximates by NFKC.
 */
import { Tokenizer } from '@huggingface/tokenizers';
import { charsmapOf } from './charsmap.js';

/** How ByteLevel splits, in Rust: as a pattern of its own it gets the blanks of Unicode. */
const GPT2_PATTERN = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** Blanks of Unicode, in Rust and as a pattern of its own. */
const BLANKS = String.raw`\s+`;

interface Part {
  readonly type?: string;
  readonly pattern?: { readonly Regex: string };
  readonly behavior?: string;
  readonly invert?: boolean;
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
  replaceNormalisers(tokenizer.normalizer as Normaliser | null);
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
  if (part.type === 'WhitespaceSplit') {
    return { type: 'Split', pattern: { Regex: BLANKS }, behavior: 'Removed', invert: false };
  }
  if (part.type !== 'ByteLevel' || part.use_regex === false || part.add_prefix_space !== false) return part;
  const split = { type: 'Split', pattern: { Regex: GPT2_PATTERN }, behavior: 'Isolated', invert: false };
  return { type: 'Sequence', pretokenizers: [split, { ...part, use_regex: false }] };
}

/** A normaliser of the JavaScript tokenizer. */
interface Normaliser {
  readonly config: {
    readonly type?: string;
    readonly precompiled_charsmap?: string;
    readonly strip_left?: boolean;
    readonly strip_right?: boolean;
  };
  /** Of a sequence. */
  readonly normalizers?: readonly (Normaliser | null)[];
  normalize(text: string): string;
}

function replaceNormalisers(normaliser: Normaliser | null): void {
  if (normaliser === null) return;
  const { type, precompiled_charsmap: charsmap, strip_left, strip_right } = normaliser.config;
  if (type === 'Precompiled' && charsmap) normaliser.normalize = charsmapOf(charsmap);
  if (type === 'Strip') {
    const ends = [
      ...(strip_left === true ? ['^\\p{White_Space}+'] : []),
      ...(strip_right === true ? ['\\p{White_Space}+$'] : []),
    ];
    const pattern = new RegExp(ends.join('|') || '(?!)', 'gu');
    normaliser.normalize = (text) => text.replace(pattern, '');
  }
  normaliser.normalizers?.forEach(replaceNormalisers);
}
