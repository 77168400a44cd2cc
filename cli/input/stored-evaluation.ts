/**
 * Stored evaluations by the beginnings of their ids.
 */
import type { Store } from '../../db/open-store.js';
import { listRuns } from '../../db/runs.js';
import { listSearches } from '../../db/searches.js';
import { idByPrefix } from './id-prefix.js';

/**
 * The evaluation that a text names.
 *
 * @returns undefined if it names a search, or nothing
 * @throws QschedError (usage) that lists the searches and evaluations that start alike
 */
export function storedEvaluation(store: Store, text: string): string | undefined {
  const evaluations = listRuns(store).flatMap(({ id, kind }) => (kind === 'evaluate' ? [id] : []));
  const searches = listSearches(store).map(({ id }) => id);
  const found = idByPrefix('search or evaluation', text, [...searches, ...evaluations]);
  return found === undefined || searches.includes(found) ? undefined : found;
}
