/**
 * Token ids as CLIP takes them: BOS, text, EOS, cut to the model's length with EOS kept, then padded.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { clipConfig, clipDefinition, CLIP_FILES, type TokenText } from './clip-vocabulary.js';
import { lacks, needFiles, readJson } from './folder-files.js';
import { tokenRows, type TokenRows } from './token-rows.js';
import { openTokenizer } from './tokenizer-definition.js';

/** Tokens that CLIP's text encoders read. */
const CLIP_LENGTH = 77;
/** Tokenizers without a length have 1e30 in their config. */
const MAX_LENGTH = 4096;

/** The `model_max_length` of a config, if it is one. */
const statedLength = (folder: string): number | undefined => {
  const length = clipConfig(folder)['model_max_length'];
  return typeof length === 'number' && length <= MAX_LENGTH ? length : undefined;
};

/**
 * Tokens per text: `model_max_length` of tokenizer_config.json, or what the text encoder takes where that is less or none
 * is given.
 *
 * @param encoder tokens that the text encoder takes; CLIP's 77 if that is not known
 */
export const tokenLength = (folder: string, encoder?: number): number =>
  Math.min(statedLength(folder) ?? encoder ?? CLIP_LENGTH, encoder ?? Infinity);

/** Whether 0.1.0 took another length than `tokenLength`: 77 where a config states none. */
export const hasOtherLength = (folder: string, encoder?: number): boolean =>
  tokenLength(folder, encoder) !== (statedLength(folder) ?? CLIP_LENGTH);

/**
 * Files of a CLIP tokenizer's folder that decide its ids: tokenizer.json with its config, or vocab.json and merges.txt.
 *
 * @throws QschedError (usage) if it has neither
 */
export function clipTokenizerFiles(folder: string): string[] {
  const has = (file: string): boolean => existsSync(join(folder, file));
  if (has('tokenizer.json')) return [...needFiles(folder, ['tokenizer.json', 'tokenizer_config.json'])];
  if (!has('vocab.json') || !has('merges.txt')) throw lacks(folder, 'tokenizer.json, or vocab.json with merges.txt');
  return [...CLIP_FILES, 'tokenizer_config.json'].filter(has);
}

/**
 * Loads the tokenizer of a folder.
 *
 * @param encoder as for `tokenLength`
 * @throws QschedError (usage): a missing or damaged file, or a token that the vocabulary lacks
 */
export function loadClipTokenizer(folder: string, encoder?: number): TokenRows {
  const own = !existsSync(join(folder, 'tokenizer.json'));
  clipTokenizerFiles(folder);
  const config = clipConfig(folder);
  const definition = own ? clipDefinition(folder, config) : (readJson(folder, 'tokenizer.json') as object);
  const tokenizer = openTokenizer(definition, config);
  const id = (name: string): number | undefined => {
    const token = config[name] as TokenText;
    return tokenizer.id(typeof token === 'string' ? token : token.content);
  };
  const eos = id('eos_token') ?? 0;
  const pad = id('pad_token') ?? eos;
  return tokenRows(tokenizer, tokenLength(folder, encoder), { eos, pad });
}
