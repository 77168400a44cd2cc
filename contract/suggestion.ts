/**
 * Suggestions for a word that is not allowed.
 */
import { closest, distance } from 'fastest-levenshtein';

/** Maximum number of choices in a message. */
const MAX_LISTED = 24;

/** The nearest allowed word, if it is near enough to be a misspelling. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined;
  const best = closest(word.toLowerCase(), allowed as string[]);
  return distance(word.toLowerCase(), best) <= Math.max(2, Math.floor(word.length / 3)) ? best : undefined;
}

/** `Did you mean "x"?`, if there is such a word, and the allowed words. */
export function suggestion(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  const rest = allowed.length - MAX_LISTED;
  const list = `Allowed: ${allowed.slice(0, MAX_LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
  return near === undefined ? list : `Did you mean "${near}"? ${list}`;
}
