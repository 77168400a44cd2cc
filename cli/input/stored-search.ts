/**
 * Reading one stored search, for commands that need no server.
 */
import { isOlder } from '../../db/older.js';
import { openStore, type Store } from '../../db/open-store.js';
import { findSearch, listSearches } from '../../db/searches.js';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { databasePath } from '../host/host.js';

/** Opens the database for reading, and closes it again. */
export function withStore<T>(body: (store: Store) => T): T {
  const store = openStore(databasePath(), { readonly: true });
  try {
    return body(store);
  } finally {
    store.$client.close();
  }
}

/** Reads the database as this version has it: one of an older version is migrated first. */
export function withCurrentStore<T>(body: (store: Store) => T): T {
  const old = withStore(isOlder);
  return old ? withWritableStore(body) : withStore(body);
}

/** Opens the database for one short write, making it where there is none, and closes it again. */
export function withWritableStore<T>(body: (store: Store) => T): T {
  const store = openStore(databasePath());
  try {
    return body(store);
  } finally {
    store.$client.close();
  }
}

/** What the id of a search's full-precision control ends in. */
const CONTROL = '-control';

/** Searches that somebody asked for: a control belongs to its search, and resumes it. */
export function withoutControls<T extends { readonly id: string }>(rows: readonly T[]): T[] {
  const ids = new Set(rows.map(({ id }) => id));
  return rows.filter(({ id }) => !id.endsWith(CONTROL) || !ids.has(id.slice(0, -CONTROL.length)));
}

/** One search, the latest that somebody asked for where none is named. @throws QschedError naming those there are */
export function requireSearch(store: Store, id: string | undefined) {
  const rows = listSearches(store);
  const ids = rows.map((row) => row.id);
  const wanted = id ?? withoutControls(rows)[0]?.id;
  const found = wanted === undefined ? undefined : findSearch(store, wanted);
  if (found) return found;
  if (wanted === undefined) {
    throw new QschedError(
      'failure',
      'There is no search in the database yet.',
      'Start one: npx qsched search --model shapes',
    );
  }
  throw new QschedError('usage', `There is no search "${wanted}" in ${databasePath()}.`, suggestion(wanted, ids));
}
