/**
 * Texts of flags as data. What is not a number remains a text, so that the validator can name it.
 */
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';

/** A spec as it was written, or a group of it. */
export type Tree = { [key: string]: unknown };

/** The group of a key, created if it is absent. Anything that is not a group remains, so that the validator can name it. */
export function groupAt(tree: Tree, key: string): Tree {
  const group = (tree[key] ??= {});
  return isGroup(group) ? group : {};
}

/** Whether a value is a group of keys. */
export const isGroup = (value: unknown): value is Tree => Object.prototype.toString.call(value) === '[object Object]';

/** A number if the text is one, else the text. */
export const number = (text: string): number | string =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;

/** `0,1` as numbers. */
export const numbers = (text: string): (number | string)[] => text.split(',').map(number);

/** `512` as a number, `768x1024` as [height, width]; anything else remains a text. */
export function size(text: string): number | number[] | string {
  const [, height, width] = /^(\d+)\s*[x×]\s*(\d+)$/.exec(text.trim()) ?? [];
  return height === undefined ? number(text) : [Number(height), Number(width)];
}

/** `a, b` as names. */
export const names = (text: string): string[] => text.split(',').map((part) => part.trim());

/** The same; `none` is an empty list. */
export const list = (text: string): string[] => (text === 'none' ? [] : names(text));

/** A name, or null for `none`. */
export const nameOrNull = (text: string): string | null => (text === 'none' ? null : text);

/** How messages call one part of a list of pairs, and what they show. */
interface PairText {
  readonly what: string;
  readonly example: string;
}

/**
 * `a=1,b=2` as a group. What is not a number remains a text.
 *
 * @param flag its name, for messages
 * @throws QschedError (usage) for a pair without a name, and for a name that is given twice
 */
export function pairs(flag: string, text: string, { what, example }: PairText): Tree {
  const group = new Map<string, unknown>();
  for (const part of text.split(',')) {
    const at = part.lastIndexOf('=');
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (name === '') throw new QschedError('usage', `${flag}: "${part.trim()}" is not ${what}.`, example);
    if (group.has(name)) throw new QschedError('usage', `${flag} names ${name} twice.`, 'Remove one of them.');
    group.set(name, number(part.slice(at + 1)));
  }
  return Object.fromEntries(group);
}

/** `clip-score=1,clip-iqa.noisiness=2` as a group. A weight that is not a number remains a text. @throws QschedError (usage) */
export const weights = (text: string): Tree =>
  pairs('--weights', text, {
    what: 'a score with a weight',
    example: 'For example: --weights clip-score-hessel=1,clip-iqa.quality=2; see npx qsched scores.',
  });

/**
 * A whole number of a flag that is not part of a spec.
 *
 * @param flag its name, for example `--workers`
 * @returns undefined if the flag was not given
 * @throws QschedError (usage) if the text is not a whole number in the range
 */
export function whole(flag: string, text: string, low: number, high: number, example?: number): number;
export function whole(
  flag: string,
  text: string | undefined,
  low: number,
  high: number,
  example?: number,
): number | undefined;
export function whole(
  flag: string,
  text: string | undefined,
  low: number,
  high: number,
  example = Math.min(high, Math.max(low, 4)),
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return value;
  throw new QschedError(
    'usage',
    `${flag} is "${text}": it must be a whole number from ${low} to ${high}.`,
    `For example: ${flag} ${example}`,
  );
}

/** One of a few words. @throws QschedError (usage) with the nearest one */
export function oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) throw new QschedError('usage', `${flag} is "${text}".`, suggestion(text, allowed));
  return found;
}
