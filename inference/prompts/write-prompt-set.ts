/**
 * A prompt set as a file that `readPromptSet` finds.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, QschedError } from '../../contract/errors.js';
import { isPlainName } from '../models/model-roots.js';
import { writtenRoot } from './prompt-roots.js';
import { findPromptSet, listPromptSets } from './prompt-sets.js';
import type { FilePrompt } from './prompt.js';

/** A set with where it came from. */
export interface PromptSetDocument {
  readonly name: string;
  readonly source: string;
  readonly license: string | null;
  readonly prompts: readonly FilePrompt[];
}

/** @throws QschedError (usage) for a name that is not plain, or that a set has already */
export function refuseTakenName(name: string): void {
  if (!isPlainName(name)) {
    throw new QschedError(
      'usage',
      `"${name}" cannot be the name of a prompt set: it may have letters, digits, ".", "_" and "-".`,
      'Use --name, for example --name my-captions.',
    );
  }
  if (!listPromptSets().includes(name)) return;
  throw new QschedError(
    'usage',
    `There is a prompt set "${name}" already: ${findPromptSet(name)}.`,
    'Use another --name, or remove that file first.',
  );
}

/**
 * Writes `<name>.json` into the first folder of QSCHED_PROMPTS, else into `prompts` of the data folder. The file is whole
 * or absent.
 *
 * @returns its path
 * @throws QschedError: (usage) a name that is taken; (failure) a folder that cannot be written
 */
export function writePromptSet(document: PromptSetDocument): string {
  refuseTakenName(document.name);
  const folder = writtenRoot();
  const path = join(folder, `${document.name}.json`);
  const beside = `${path}.${process.pid}.part`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(beside, textOf(document));
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new QschedError(
      'failure',
      `The prompt set cannot be written to ${folder}: ${messageOf(error)}`,
      'Set QSCHED_PROMPTS to a writable folder.',
    );
  }
  return path;
}

/** One prompt per line. */
function textOf({ name, source, license, prompts }: PromptSetDocument): string {
  const head = { name, source, license, count: prompts.length };
  const fields = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},\n`);
  const lines = prompts.map((prompt) => `    ${JSON.stringify(entryOf(prompt))}`);
  return `{\n${fields.join('')}  "prompts": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

const entryOf = ({ text, nouns, category }: FilePrompt): object => ({
  text,
  ...(nouns === null ? {} : { nouns }),
  ...(category === null ? {} : { category }),
});
