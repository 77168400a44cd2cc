/**
 * The database of a data folder, for reading.
 */
import { and, eq, getViewSelectedFields } from 'drizzle-orm';
import { messageOf, QschedError } from '../contract/errors.js';
import { suggestion } from '../contract/suggestion.js';
import { databasePath } from '../cli/host/database.js';
import { isOlder } from '../db/older.js';
import { openStore } from '../db/open-store.js';
import { bestCoefficients, promptGains, searches, searchesOverview, trialHistory } from '../db/schema.js';
import type { BestRow, PromptGainRow, SearchRow, TrialRow, TrialStage } from './database-rows.js';

/** A database that is open for reading, also while a search writes to it. */
export interface SearchDatabase {
  readonly path: string;
  /** Every search, the latest first. */
  searches(): SearchRow[];
  /** What every search with a scored candidate found, or one of them. */
  best(searchId?: string): BestRow[];
  /** The trials of a search in the order in which they were asked. @param stage `calibration` by default */
  trials(searchId: string, stage?: TrialStage): TrialRow[];
  /** Held-out gains prompt by prompt; none before the verdict. @param scorer by default every scorer */
  promptGains(searchId: string, scorer?: string): PromptGainRow[];
  /**
   * Any query, with `?` for its parameters.
   *
   * @returns rows with the query's own column names
   * @throws QschedError (usage) if SQLite does not take it, or if it would write
   */
  query<Row = Record<string, unknown>>(sql: string, ...parameters: readonly (string | number | null)[]): Row[];
  close(): void;
}

/**
 * Opens a database for reading. One that an older version wrote is migrated first.
 *
 * @param path by default `qsched.db` in the data folder: QSCHED_DATA, or `.qsched` in the working folder
 * @throws QschedError (failure): absent, damaged, or written by a newer version; every method with a search's id throws
 *   (usage) for one that is not there
 */
export function openDatabase(path: string = databasePath()): SearchDatabase {
  let store = openStore(path, { readonly: true });
  if (isOlder(store)) {
    store.$client.close();
    openStore(path).$client.close();
    store = openStore(path, { readonly: true });
  }
  const known = (searchId: string): string => {
    const ids = store.select({ id: searches.id }).from(searches).all();
    if (ids.some(({ id }) => id === searchId)) return searchId;
    throw new QschedError(
      'usage',
      `There is no search "${searchId}" in ${path}.`,
      suggestion(
        searchId,
        ids.map(({ id }) => id),
      ),
    );
  };
  return {
    path,
    searches: () => as<SearchRow>(store.select().from(searchesOverview).all()),
    best(searchId) {
      const {
        finalistSample: _s,
        finalistNoise: _n,
        recommend: _r,
        ...columns
      } = getViewSelectedFields(bestCoefficients);
      const all = store.select(columns).from(bestCoefficients);
      const found = searchId === undefined ? all : all.where(eq(bestCoefficients.searchId, known(searchId)));
      return as<BestRow>(found.all().map((row) => parsed(row, 'sample', 'noise', 'searchedSample', 'searchedNoise')));
    },
    trials(searchId, stage = 'calibration') {
      const own = and(eq(trialHistory.searchId, known(searchId)), eq(trialHistory.stage, stage));
      const found = store.select().from(trialHistory).where(own).orderBy(trialHistory.number).all();
      return as<TrialRow>(found.map((row) => parsed(row, 'sample', 'noise')));
    },
    promptGains(searchId, scorer) {
      const own = eq(promptGains.searchId, known(searchId));
      const which = scorer === undefined ? own : and(own, eq(promptGains.scorer, scorer));
      const rows = store.select().from(promptGains).where(which);
      return as<PromptGainRow>(rows.orderBy(promptGains.scorer, promptGains.position).all());
    },
    query<Row>(sql: string, ...parameters: readonly (string | number | null)[]): Row[] {
      try {
        return store.$client.prepare(sql).all(...parameters) as Row[];
      } catch (error) {
        throw new QschedError('usage', `SQLite refuses the query: ${messageOf(error)}`, 'See docs/database.md.');
      }
    },
    close: () => store.$client.close(),
  };
}

/** A row as drizzle types a view's columns: all of them may be null, and none is narrowed to some texts. */
type Loose<Row> = { readonly [K in keyof Row]: (Row[K] extends string | null ? string : Row[K]) | null };

const as = <Row>(rows: readonly Loose<Row>[]): Row[] => rows as unknown as Row[];

/** The row with some of its columns parsed as lists of numbers. */
function parsed<Row extends Readonly<Record<string, unknown>>, K extends keyof Row>(
  row: Row,
  ...columns: readonly K[]
): Omit<Row, K> & Record<K, number[] | null> {
  const lists = columns.map((column) => [column, row[column] === null ? null : JSON.parse(String(row[column]))]);
  return { ...row, ...Object.fromEntries(lists) } as Omit<Row, K> & Record<K, number[] | null>;
}
