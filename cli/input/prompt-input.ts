/**
 * Prompts that flags choose. They replace those of a file.
 */
import { parsePrompts } from '../../inference/prompts/prompt-sets.js';
import { QschedError } from '../../contract/errors.js';
import { isPath, readBytes } from './prompt-source.js';
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
  if (source[1] !== undefined) setSource(groupAt(tree, group), source, count[1]);
  if (count[1] !== undefined) setCount(groupAt(tree, group), count, source[1] ?? `${group}.texts`);
}

function setSource(prompts: Tree, [flag, value = '']: TypedFlag, count: string | undefined): void {
  delete prompts['texts'];
  if (isPath(value)) {
    const first = Number(count);
    const used = Number.isInteger(first) && first > 0 ? first : undefined;
    prompts['texts'] = parsePrompts(readBytes(value, flag), value, used).map(({ text }) => text);
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
