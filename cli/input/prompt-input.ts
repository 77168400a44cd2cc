/**
 * Prompts that flags choose. They replace those of a file.
 */
import { readFileSync, statSync } from 'node:fs';
import { parsePrompts } from '../../inference/prompts/prompt-sets.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { groupAt, number, type Tree } from './values.js';

/** A flag's name, such as `--prompts`, and what was typed. */
export type TypedFlag = readonly [name: string, value: string | undefined];

/**
 * Sets the prompts of a group by two flags.
 *
 * A prompt set or a file replaces the prompts of the group. Of a file, or of texts in the group, the first `count` are
 * used, by default all.
 *
 * @param tree a spec as it was written; the group is changed or created
 * @param source a set's name, or a path
 * @throws QschedError (usage) for a file without prompts, or with fewer than the count
 */
export function setPrompts(tree: Tree, group: string, source: TypedFlag, count: TypedFlag): void {
  if (source[1] !== undefined) setSource(groupAt(tree, group), source);
  if (count[1] !== undefined) setCount(groupAt(tree, group), count, source[1] ?? `${group}.texts`);
}

function setSource(prompts: Tree, [flag, value = '']: TypedFlag): void {
  delete prompts['texts'];
  if (isPath(value)) {
    prompts['texts'] = readPrompts(value, flag);
    delete prompts['count'];
  } else {
    prompts['set'] = value;
  }
}

/** @param holder what contains the texts, if there are texts */
function setCount(prompts: Tree, [flag, value = '']: TypedFlag, holder: string): void {
  const count = number(value);
  const { texts } = prompts;
  prompts['count'] = count;
  if (!Array.isArray(texts) || typeof count !== 'number' || !Number.isInteger(count) || count < 1) return;
  const { length } = texts;
  if (count > length) {
    throw new QschedError(
      'usage',
      `${flag} is ${count}, but ${holder} contains ${length} ${length === 1 ? 'prompt' : 'prompts'}.`,
      `Use ${flag} ${length} or less, or omit it for all of them.`,
    );
  }
  prompts['texts'] = texts.slice(0, count);
}

/** The name of a set has none of these characters. */
const isPath = (value: string): boolean => /[/.\\]/.test(value);

/** The prompts of a file that a flag names. @throws QschedError (usage) */
function readPrompts(path: string, flag: string): string[] {
  try {
    if (statSync(path).isDirectory()) throw new Error('it is a folder');
    return parsePrompts(readFileSync(path), path).map(({ text }) => text);
  } catch (error) {
    if (error instanceof QschedError) throw error;
    const reason = (error as { code?: string }).code === 'ENOENT' ? 'it does not exist' : messageOf(error);
    throw new QschedError(
      'usage',
      `${flag}: the file ${path} cannot be read (${reason}).`,
      'Use the name of a prompt set, or the path of a file: text with one prompt per line, JSON, JSON lines, YAML, CSV or TSV.',
    );
  }
}
