/**
 * Stored evaluations and gates by the beginnings of their ids.
 */
import type { Store } from '../../db/open-store.js';
import { listRuns } from '../../db/runs.js';
import { listSearches } from '../../db/searches.js';
import { idByPrefix } from './id-prefix.js';

/** Runs that can be held, by their kind, as messages call them. */
export const HELD_RUNS: Readonly<Record<string, 'evaluation' | 'gate'>> = { evaluate: 'evaluation', gate: 'gate' };

/** An evaluation or a gate. */
export interface NamedRun {
  readonly id: string;
  readonly what: 'evaluation' | 'gate';
}

/**
 * The evaluation or gate that a text names.
 *
 * @returns undefined if it names a search, or nothing
 * @throws QschedError (usage) that lists the searches, evaluations and gates that start alike
 */
export function storedRun(store: Store, text: string): NamedRun | undefined {
  const runs = listRuns(store).flatMap(({ id, kind }): NamedRun[] => {
    const what = HELD_RUNS[kind];
    return what === undefined ? [] : [{ id, what }];
  });
  const searches = listSearches(store).map(({ id }) => id);
  const found = idByPrefix('search, evaluation or gate', text, [...searches, ...runs.map(({ id }) => id)]);
  return found === undefined || searches.includes(found) ? undefined : runs.find(({ id }) => id === found);
}
