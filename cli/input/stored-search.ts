/**
 * Reading stored searches, for commands that need no server.
 */
import { existsSync } from 'node:fs';
import { isOlder } from '../../db/older.js';
import { openStore, type Store } from '../../db/open-store.js';
import { findSearch, listSearches } from '../../db/searches.js';
import { settledObjective } from '../../db/settle-k.js';
import { QschedError } from '../../contract/errors.js';
import type { ObjectiveChoice } from '../../contract/search-spec.js';
import { suggestion } from '../../contract/suggestion.js';
import { dataFolder } from '../../temporal/data-folder.js';
import { databasePath } from '../host/database.js';
import { idByPrefix, PARTS } from './id-prefix.js';
import { recallModel } from './remembered-models.js';

/**
 * Reads the database. One that an older version wrote is migrated first.
 *
 * @throws QschedError (failure) if there is none
 */
export function withStore<T>(body: (store: Store) => T): T {
  const readonly = (): Store => openStore(databasePath(), { readonly: true });
  return closing(readonly(), isOlder) ? withWritableStore(body) : closing(readonly(), body);
}

/** The same; an empty database if there is none. */
export const withAnyStore = <T>(body: (store: Store) => T): T =>
  existsSync(databasePath()) ? withStore(body) : closing(openStore(':memory:'), body);

/** Opens the database for one short write; creates it if there is none. */
export function withWritableStore<T>(body: (store: Store) => T): T {
  dataFolder();
  return closing(openStore(databasePath()), body);
}

function closing<T>(store: Store, body: (store: Store) => T): T {
  try {
    return body(store);
  } finally {
    store.$client.close();
  }
}

/** Searches that a user started: a control and a linear search belong to their search, which resumes them. */
export function withoutParts<T extends { readonly id: string }>(rows: readonly T[]): T[] {
  const ids = new Set(rows.map(({ id }) => id));
  return rows.filter(({ id }) => !PARTS.test(id) || !ids.has(id.replace(PARTS, '')));
}

/** A stored search, and its objective with the k that it uses. */
export type StoredSearch = NonNullable<ReturnType<typeof findSearch>> & { readonly objective: ObjectiveChoice };

/**
 * One search, by its id or the beginning of it; without an id, the latest that a user started.
 *
 * @throws QschedError that lists the stored searches, or those that start alike
 */
export function requireSearch(store: Store, id: string | undefined): StoredSearch {
  const rows = listSearches(store);
  const ids = rows.map((row) => row.id);
  const wanted = id === undefined ? withoutParts(rows)[0]?.id : (idByPrefix('search', id, ids) ?? id);
  const found = wanted === undefined ? undefined : findSearch(store, wanted);
  if (found) {
    recallModel(found.spec.model);
    return { ...found, objective: settledObjective(store, found) };
  }
  if (wanted === undefined) {
    throw new QschedError(
      'failure',
      'There is no search in the database yet.',
      'Start one: npx qsched search --model shapes',
    );
  }
  throw new QschedError('usage', `There is no search "${wanted}" in ${databasePath()}.`, suggestion(wanted, ids));
}
