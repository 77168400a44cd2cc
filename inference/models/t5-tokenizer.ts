/**
 * Token ids as T5 takes them: text, EOS (cut to the length with EOS kept), then padded. There is no BOS.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lacks, optionalJson, readJson } from './folder-files.js';
import { sentencePieceDefinition } from './sentence-piece.js';
import { tokenRows, type TokenRows } from './token-rows.js';
import { openTokenizer } from './tokenizer-definition.js';

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
  const { model_max_length: length } = optionalJson(folder, CONFIG);
  return typeof length === 'number' && Number.isSafeInteger(length) && length > 0 ? length : undefined;
}

/**
 * @param folder of the tokenizer
 * @param length tokens per text, EOS included
 * @throws QschedError (usage) if a file cannot be read
 */
export function loadT5Tokenizer(folder: string, length: number): TokenRows {
  const config = optionalJson(folder, CONFIG);
  const definition = existsSync(join(folder, DEFINITION))
    ? (readJson(folder, DEFINITION) as object)
    : sentencePieceDefinition(join(folder, PIECES));
  const tokenizer = openTokenizer(definition, config);
  const idOf = (token: unknown, otherwise: string): number =>
    tokenizer.id(typeof token === 'string' ? token : otherwise) ?? 0;
  return tokenRows(tokenizer, length, {
    eos: idOf(config['eos_token'], '</s>'),
    pad: idOf(config['pad_token'], '<pad>'),
  });
}
