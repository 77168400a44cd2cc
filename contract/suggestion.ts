/**
 * Suggestions for a word that is not allowed.
 */
import { closest, distance } from 'fastest-levenshtein';

/** Maximum number of choices in a message. */
const MAX_LISTED = 24;

/** A word that begins another one says more than letters that differ. */
const MIN_STEM = 3;

/**
 * The allowed word that was probably meant: the same but for case and hyphens, one of which this is the beginning
 * (`shapes-calib`), one with more behind it (`TCDScheduler`), or a misspelling.
 */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  const own = plain(word);
  const same = allowed.find((one) => plain(one) === own);
  if (same !== undefined || own === '') return same;
  if (own.length < MIN_STEM) return misspelt(word, allowed);
  const longer = allowed.filter((one) => plain(one).startsWith(own));
  if (longer.length === 1) return longer[0];
  const [stem] = allowed
    .filter((one) => plain(one).length >= MIN_STEM && own.startsWith(plain(one)))
    .sort((a, b) => b.length - a.length);
  return stem ?? misspelt(word, longer.length > 1 ? longer : allowed);
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** At most every third letter differs; in a word of three letters one. */
function misspelt(word: string, allowed: readonly string[]): string | undefined {
  if (allowed.length === 0) return undefined;
  const best = closest(word.toLowerCase(), allowed as string[]);
  const most = word.length <= MIN_STEM ? 1 : Math.max(2, Math.floor(word.length / 3));
  return distance(word.toLowerCase(), best) <= most ? best : undefined;
}

/** `Did you mean "x"?`, if there is such a word, and the allowed words. */
export function suggestion(word: string, allowed: readonly string[]): string {
  if (allowed.length === 0) return 'There is none yet.';
  const near = nearest(word, allowed);
  const rest = allowed.length - MAX_LISTED;
  const list = `Allowed: ${allowed.slice(0, MAX_LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
  return near === undefined ? list : `Did you mean "${near}"? ${list}`;
}
