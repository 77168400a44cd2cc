/**
 * CLIP's tokenizer from the two files that Stable Diffusion repositories and exports of slow tokenizers hold: vocab.json
 * and merges.txt. The definition is the one that transformers 5 builds from them (`CLIPTokenizer`): byte-level BPE with
 * `</w>` at the end of a word, after NFC, one blank for white space, and lower case.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { optionalJson, readJson } from './folder-files.js';

/** A token as tokenizer_config.json or special_tokens_map.json has it. */
export type TokenText = string | { readonly content: string; readonly normalized?: boolean; readonly lstrip?: boolean };

const PATTERN = String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
const SPECIAL = ['bos_token', 'eos_token', 'unk_token', 'pad_token'] as const;

/** Special tokens where a folder names none. */
const BOS = '<|startoftext|>';
const EOS = '<|endoftext|>';

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Whether it is looked for in the normalised text, rather than in the text as given. */
  readonly normalized: boolean;
}

const contentOf = (token: TokenText): string => (typeof token === 'string' ? token : token.content);

/**
 * Settings of a tokenizer: those of tokenizer_config.json; beside vocab.json also those of special_tokens_map.json; else
 * CLIP's own tokens.
 */
export function clipConfig(folder: string): Record<string, unknown> {
  const named = existsSync(join(folder, 'tokenizer.json')) ? {} : optionalJson(folder, 'special_tokens_map.json');
  const given: Record<string, unknown> = { ...named, ...optionalJson(folder, 'tokenizer_config.json') };
  const eos = given['eos_token'] ?? EOS;
  return { ...given, bos_token: given['bos_token'] ?? BOS, eos_token: eos, pad_token: given['pad_token'] ?? eos };
}

/** Files of a tokenizer that decide its ids, as far as they are there. */
export const CLIP_FILES = ['vocab.json', 'merges.txt', 'added_tokens.json', 'special_tokens_map.json'];

/**
 * What tokenizer.json would hold.
 *
 * @param config as `clipConfig` gives it
 * @throws QschedError (usage) if vocab.json is missing or cannot be read
 */
export function clipDefinition(folder: string, config: Readonly<Record<string, unknown>>): object {
  const vocab = readJson(folder, 'vocab.json') as Record<string, number>;
  const merges = readFileSync(join(folder, 'merges.txt'), 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#version'));
  const special = SPECIAL.map((name) => (config[name] ?? EOS) as TokenText);
  const [bos, eos, unknown] = special.map(contentOf);
  return {
    version: '1.0',
    added_tokens: addedTokens(folder, config, special, vocab),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: String.raw`\s+` }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: PATTERN }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [eos, vocab[eos!]],
      cls: [bos, vocab[bos!]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      unk_token: unknown,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}

/** Tokens that are found in a text before it is split: those of added_tokens_decoder, the special ones, added_tokens.json. */
function addedTokens(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  special: readonly TokenText[],
  vocab: Readonly<Record<string, number>>,
): AddedToken[] {
  const found = new Map<string, AddedToken>();
  const add = (id: number | undefined, token: TokenText, isSpecial: boolean): void => {
    const content = contentOf(token);
    if (id === undefined || found.has(content)) return;
    const { normalized = !isSpecial, ...rest } = typeof token === 'string' ? {} : token;
    found.set(content, { ...rest, id, content, special: isSpecial, normalized });
  };
  const listed = (config['added_tokens_decoder'] ?? {}) as Record<string, TokenText & { readonly special?: boolean }>;
  for (const [id, token] of Object.entries(listed)) add(Number(id), token, token.special ?? false);
  for (const token of special) add(vocab[contentOf(token)], token, true);
  const more = optionalJson(folder, 'added_tokens.json');
  for (const [token, id] of Object.entries(more as Record<string, number>)) add(id, token, false);
  return [...found.values()];
}
