/**
 * Prompts that flags choose, over what a file says: flag > file.
 */
import { readFileSync, statSync } from 'node:fs';
import { parsePrompts } from '../../inference/prompts/prompt-sets.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { groupAt, number, type Tree } from './values.js';

/** A flag's name without dashes, and what was typed. */
export type Flag = readonly [name: string, value: string | undefined];

/**
 * Sets a group's prompts as two flags say.
 *
 * A set or a file takes the place of the group's own prompts. Of a file, or of texts in the group, the first `count` are
 * taken; all of them where no flag says how many.
 *
 * @param tree a spec as it was written; the group is changed, or made
 * @param flagged gets the flags' names by the paths that they set
 * @param source a set's name, or a path
 * @throws QschedError (usage): a file that holds no prompts, or fewer than the count
 */
export function setPrompts(tree: Tree, group: string, flagged: Map<string, string>, source: Flag, count: Flag): void {
  if (source[1] !== undefined) setSource(groupAt(tree, group), source);
  if (count[1] !== undefined) setCount(groupAt(tree, group), count, source[1] ?? `${group}.texts`);
  for (const [key, [flag, value]] of [
    ['set', source],
    ['texts', source],
    ['count', count],
  ] as const) {
    if (value !== undefined) flagged.set(`${group}.${key}`, flag);
  }
}

function setSource(prompts: Tree, [flag, value = '']: Flag): void {
  delete prompts['texts'];
  if (isPath(value)) {
    prompts['texts'] = readPrompts(value, flag);
    delete prompts['count'];
  } else {
    prompts['set'] = value;
  }
}

/** @param holder what the texts are, where there are any */
function setCount(prompts: Tree, [flag, value = '']: Flag, holder: string): void {
  const count = number(value);
  const { texts } = prompts;
  prompts['count'] = count;
  if (!Array.isArray(texts) || typeof count !== 'number' || !Number.isInteger(count) || count < 1) return;
  const { length } = texts;
  if (count > length) {
    throw new QschedError(
      'usage',
      `--${flag} is ${count}, but ${holder} holds ${length} ${length === 1 ? 'prompt' : 'prompts'}.`,
      `Give --${flag} ${length} or less, or leave it out for all of them.`,
    );
  }
  prompts['texts'] = texts.slice(0, count);
}

/** A set has a plain name. */
const isPath = (value: string): boolean => /[/.\\]/.test(value);

/** Prompts of a file that a flag names. @throws QschedError (usage) */
function readPrompts(path: string, flag: string): string[] {
  try {
    if (statSync(path).isDirectory()) throw new Error('it is a folder');
    return parsePrompts(readFileSync(path), path).map(({ text }) => text);
  } catch (error) {
    if (error instanceof QschedError) throw error;
    const reason = (error as { code?: string }).code === 'ENOENT' ? 'there is none' : messageOf(error);
    throw new QschedError(
      'usage',
      `--${flag}: the file ${path} cannot be read (${reason}).`,
      'Give the name of a prompt set, or the path of a text file with a prompt per line.',
    );
  }
}
