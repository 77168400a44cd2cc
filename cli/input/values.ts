/**
 * Values of flags as data; what is not a number stays a text, for the validator to name.
 */
import { QschedError } from '../../contract/errors.js';

const EXAMPLE = 'For example: --weights clip-score-hessel=1,clip-iqa.quality=2; see npx qsched scores.';

/** A number where the text is one; the text itself otherwise. */
export function number(text: string): number | string;
export function number(text: string | undefined): number | string | undefined;
export function number(text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** A spec as it was written, or a group of it. */
export type Tree = { [key: string]: unknown };

/** The group of a key, made where there is none. What is no group stays, for the validator to name. */
export function groupAt(tree: Tree, key: string): Tree {
  const group = (tree[key] ??= {});
  return isGroup(group) ? group : {};
}

/** Whether a value is a group of keys. */
export const isGroup = (value: unknown): value is Tree => Object.prototype.toString.call(value) === '[object Object]';

/** `0,1` as a list. */
export const numbers = (text: string | undefined): (number | string)[] | undefined =>
  text?.split(',').map((part) => number(part));

/**
 * `clip-score=1,clip-iqa.noisiness=2` as a group; a weight that is not a number is left for the validator to name.
 *
 * @throws QschedError (usage) for a score that is there twice, or has no name
 */
export function weights(text: string): Tree {
  const group = new Map<string, unknown>();
  for (const part of text.split(',')) {
    const at = part.lastIndexOf('=');
    const name = (at === -1 ? part : part.slice(0, at)).trim();
    if (name === '' || at === -1) {
      throw new QschedError('usage', `--weights: "${part.trim()}" is not a score with its weight.`, EXAMPLE);
    }
    if (group.has(name)) throw new QschedError('usage', `--weights names ${name} twice.`, 'Leave one of them out.');
    group.set(name, number(part.slice(at + 1)));
  }
  return Object.fromEntries(group);
}
