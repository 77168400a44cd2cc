/**
 * One entry of a structured file as a prompt: a text, or an object with a text.
 */
import type { FilePrompt } from './prompt.js';

/** Fields and columns that may hold the text, in any case: ours, PartiPrompts', DrawBench's and COCO's. */
export const TEXT_FIELDS: readonly string[] = ['text', 'prompt', 'prompts', 'caption'];

/** The same for sentences. */
export const TEXT_FIELDS_LISTED = '"text", "prompt" or "caption"';

/** A mapping of a JSON or YAML file. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is a mapping. */
export const isFields = (value: unknown): value is Fields =>
  Object.prototype.toString.call(value) === '[object Object]';

/** Up to six names in quotation marks. */
export const quoted = (names: readonly string[]): string =>
  `${names
    .slice(0, 6)
    .map((name) => `"${name}"`)
    .join(', ')}${names.length > 6 ? ` and ${names.length - 6} more` : ''}`;

/** What a value is, for sentences. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (isFields(value)) return 'a mapping';
  return typeof value === 'string' ? 'a text' : `the ${typeof value} ${JSON.stringify(value)}`;
}

/**
 * @param place what messages call the entry, for example `entry 3`
 * @throws Error saying that it has no text, or more than one
 */
export function promptOf(entry: unknown, place: string): FilePrompt {
  if (typeof entry === 'string') return { text: entry, nouns: null, category: null };
  if (!isFields(entry)) {
    const scalar = typeof entry === 'number' || typeof entry === 'boolean';
    throw new Error(`${place} is ${kindOf(entry)}, not a text${scalar ? ' (in quotation marks it would be one)' : ''}`);
  }
  const names = Object.keys(entry);
  const found = names.filter((name) => TEXT_FIELDS.includes(name.toLowerCase()) && typeof entry[name] === 'string');
  if (found.length === 0) {
    throw new Error(`${place} has no text: it needs ${TEXT_FIELDS_LISTED}, and has ${quoted(names) || 'nothing'}`);
  }
  if (found.length > 1) throw new Error(`${place} has ${quoted(found)}: which of them is the prompt is ambiguous`);
  return { text: entry[found[0]!] as string, nouns: nounsOf(entry['nouns'], place), category: categoryOf(entry) };
}

function nounsOf(nouns: unknown, place: string): readonly string[] | null {
  if (nouns === undefined || nouns === null) return null;
  if (Array.isArray(nouns) && nouns.every((noun): noun is string => typeof noun === 'string' && noun !== '')) {
    return nouns;
  }
  throw new Error(`the nouns of ${place} are not a list of words`);
}

function categoryOf(entry: Fields): string | null {
  const name = Object.keys(entry).find((key) => key.toLowerCase() === 'category');
  const category = name === undefined ? undefined : entry[name];
  return typeof category === 'string' && category.trim() !== '' ? category.trim() : null;
}
