/**
 * Prompts of a set or a file that a command line names.
 */
import { readFileSync, statSync } from 'node:fs';
import { messageOf, QschedError } from '../../contract/errors.js';
import { readPromptFile, type PromptFile } from '../../inference/prompts/prompt-file.js';
import type { PromptFormat } from '../../inference/prompts/prompt-formats.js';
import { findPromptSet } from '../../inference/prompts/prompt-sets.js';
import type { GlobalOptions } from '../text/output.js';
import type { Given } from './flag.js';
import type { PROMPTS } from './flags.js';

/** The flags of every action of `qsched prompts`. */
export type PromptsFlags = Given<typeof PROMPTS> & GlobalOptions;

/** The name of a set has none of these characters. */
export const isPath = (value: string): boolean => /[/.\\]/.test(value);

/**
 * @param what messages name it by, for example `--prompts`
 * @throws QschedError (usage) for a file that cannot be read
 */
export function readBytes(path: string, what: string): Uint8Array {
  try {
    if (statSync(path).isDirectory()) throw new Error('it is a folder');
    return readFileSync(path);
  } catch (error) {
    const reason = (error as { code?: string }).code === 'ENOENT' ? 'it does not exist' : messageOf(error);
    throw new QschedError(
      'usage',
      `${what}: the file ${path} cannot be read (${reason}).`,
      'Use the name of a prompt set, or the path of a file: text with one prompt per line, JSON, JSON lines, YAML, CSV or TSV.',
    );
  }
}

/**
 * A set by its name or a file by its path, as it is: empty prompts and duplicates included.
 *
 * @throws QschedError (usage)
 */
export function readSource(source: string, what: string, format?: PromptFormat): PromptFile {
  const path = isPath(source) ? source : findPromptSet(source);
  return readPromptFile(readBytes(path, what), path, format);
}
