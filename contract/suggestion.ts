/**
 * What a reader may have meant by a word that is not allowed.
 */
import { closest, distance } from 'fastest-levenshtein';

/** Choices that a message lists at most. */
const MAX_LISTED = 24;

/** The nearest allowed word, where it is near enough to be what was meant. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined;
  const best = closest(word.toLowerCase(), allowed as string[]);
  return distance(word.toLowerCase(), best) <= Math.max(2, Math.floor(word.length / 3)) ? best : undefined;
}

/** `did you mean "x"?`, or what there is. */
export function suggestion(word: string, allowed: readonly string[]): string {
  const near = nearest(word, allowed);
  const rest = allowed.length - MAX_LISTED;
  const list = `Allowed: ${allowed.slice(0, MAX_LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
  return near === undefined ? list : `Did you mean "${near}"? ${list}`;
}
