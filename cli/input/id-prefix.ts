/**
 * Ids by their beginnings, as in git: whole ids are long, and made from content.
 */
import { QschedError } from '../../contract/errors.js';

/** Candidates that a message lists. */
const MAX_LISTED = 8;
/** What the ids of searches end in that belong to another one: its control, and the linear search before it. */
export const PARTS = /-(?:control|linear)$/;

/**
 * The id that a text names: itself, or the only one that starts with it. The control and the linear search of a candidate
 * do not count beside it.
 *
 * @param what one of them, for messages: "search"
 * @returns undefined if none starts with it
 * @throws QschedError (usage) that lists the candidates if several do
 */
export function idByPrefix(what: string, text: string, ids: readonly string[]): string | undefined {
  if (ids.includes(text)) return text;
  const starting = text === '' ? [] : ids.filter((id) => id.startsWith(text));
  const found = starting.filter((id) => !PARTS.test(id) || !starting.includes(id.replace(PARTS, '')));
  if (found.length <= 1) return found[0];
  const more = found.length > MAX_LISTED ? ` and ${found.length - MAX_LISTED} more` : '';
  throw new QschedError(
    'usage',
    `${found.length} ids of a ${what} start with "${text}": ${found.slice(0, MAX_LISTED).join(', ')}${more}.`,
    'Type more characters of the id.',
  );
}
