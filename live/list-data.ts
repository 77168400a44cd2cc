/**
 * What the home page lists: searches, and evaluations and tables of the paper, the latest first.
 */
import type { Store } from '../db/open-store.js';
import { listRuns } from '../db/runs.js';
import { searchesOverview } from '../db/schema.js';

/** A search, as the view `searches_overview` has it. */
export type ListedSearch = typeof searchesOverview.$inferSelect;

/** An evaluation or a table of the paper. */
export type ListedTable = ReturnType<typeof listRuns>[number];

/** Both lists. Full-precision controls are left out: they belong to their searches. */
export interface ListData {
  readonly searches: readonly ListedSearch[];
  readonly tables: readonly ListedTable[];
  /** How many searches and tables are older than those listed. */
  readonly older: number;
}

const MOST = 200;

export function listData(store: Store): ListData {
  const all = store.select().from(searchesOverview).all();
  const controls = new Set(all.map(({ searchId }) => `${searchId}-control`));
  const searches = all.filter(({ searchId }) => !controls.has(searchId!));
  const tables = listRuns(store);
  const older = Math.max(0, searches.length - MOST) + Math.max(0, tables.length - MOST);
  return { searches: searches.slice(0, MOST), tables: tables.slice(0, MOST), older };
}
