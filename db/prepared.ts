/**
 * SQL that runs for every trial and evaluation, prepared once per database.
 *
 * Drizzle's own prepared statements take about as long as SQLite itself for one row, so that these are plain SQL. Each
 * is prepared when it is first used: a reader of an older database never prepares a statement for a later column.
 */
import type { Statement } from 'better-sqlite3';
import type { Store } from './open-store.js';

const prepared = new WeakMap<Store, Map<string, Statement>>();

/**
 * @param sql with named parameters, as in `@searchId`
 * @returns the statement of this database; the same one for equal SQL
 */
export function statement<Parameters extends object, Row = never>(
  store: Store,
  sql: string,
): Statement<[Parameters], Row> {
  let known = prepared.get(store);
  if (known === undefined) {
    known = new Map();
    prepared.set(store, known);
  }
  let found = known.get(sql);
  if (found === undefined) {
    found = store.$client.prepare(sql);
    known.set(sql, found);
  }
  return found as Statement<[Parameters], Row>;
}
