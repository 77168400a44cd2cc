/**
 * Token ids as T5 takes them: text, EOS (cut to the length with EOS kept), then padded. There is no BOS.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lacks, readJson } from './folder-files.js';
import { sentencePieceDefinition } from './sentence-piece.js';
import { openTokenizer } from './tokenizer-definition.js';

/** Tokenises texts to rows of equal length. */
export interface T5Tokenizer {
  readonly length: number;
  /** One row of `length` ids per text. */
  encode(texts: readonly string[]): Int32Array[];
  /** How many of the texts are cut. */
  truncated(texts: readonly string[]): number;
}

const DEFINITION = 'tokenizer.json';
const PIECES = 'spiece.model';
const CONFIG = 'tokenizer_config.json';

/**
 * Files of a T5 tokenizer: tokenizer.json, or else spiece.model, and tokenizer_config.json if there is one.
 *
 * @param name folder of the tokenizer inside `folder`
 * @throws QschedError (usage) if there is neither
 */
export function t5TokenizerFiles(folder: string, name: string): string[] {
  const has = (file: string): boolean => existsSync(join(folder, name, file));
  const definition = [DEFINITION, PIECES].find(has);
  if (definition === undefined) throw lacks(folder, `${name}/${DEFINITION} or ${name}/${PIECES}`);
  return [definition, ...(has(CONFIG) ? [CONFIG] : [])].map((file) => `${name}/${file}`);
}

/** `model_max_length` of a T5 tokenizer's config; undefined without one. @param folder of the tokenizer */
export function t5TokenizerLength(folder: string): number | undefined {
  const path = join(folder, CONFIG);
  const { model_max_length: length } = existsSync(path) ? (readJson(folder, CONFIG) as Record<string, unknown>) : {};
  return typeof length === 'number' && Number.isSafeInteger(length) && length > 0 ? length : undefined;
}

/**
 * @param folder of the tokenizer
 * @param length tokens per text, EOS included
 * @throws QschedError (usage) if a file cannot be read
 */
export function loadT5Tokenizer(folder: string, length: number): T5Tokenizer {
  const config = existsSync(join(folder, CONFIG)) ? (readJson(folder, CONFIG) as Record<string, unknown>) : {};
  const definition = existsSync(join(folder, DEFINITION))
    ? (readJson(folder, DEFINITION) as object)
    : sentencePieceDefinition(join(folder, PIECES));
  const tokenizer = openTokenizer(definition, config);
  const idOf = (token: unknown, otherwise: string): number =>
    tokenizer.id(typeof token === 'string' ? token : otherwise) ?? 0;
  const end = idOf(config['eos_token'], '</s>');
  const pad = idOf(config['pad_token'], '<pad>');
  return {
    length,
    encode: (texts) =>
      texts.map((text) => {
        const full = tokenizer.ids(text);
        const row = new Int32Array(length).fill(pad);
        row.set(full.length > length ? [...full.slice(0, length - 1), end] : full);
        return row;
      }),
    truncated: (texts) => texts.filter((text) => tokenizer.ids(text).length > length).length,
  };
}
