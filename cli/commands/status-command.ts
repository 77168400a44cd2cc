/**
 * `qsched status`: the progress of searches, as the database has it and the Temporal server confirms it.
 */
import { searchesOverview } from '../../db/schema.js';
import { liveHomeOf, livePageOf } from '../../live/live-record.js';
import { dataFolderPath } from '../../temporal/data-folder.js';
import type { Given } from '../input/flag.js';
import type { STATUS } from '../input/flags.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { oneOf } from '../input/values.js';
import { stateStyled, styled } from '../text/colour.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';
import { SORTS, sortStatus, statusTable, type StatusRow } from '../text/status-table.js';
import { tableFormat, writeTable } from '../text/table-document.js';

/** The progress of every search, or of one. @returns the exit code */
export async function statusCommand(
  id: string | undefined,
  flags: Given<typeof STATUS> & GlobalOptions,
): Promise<number> {
  const format = tableFormat(flags.format);
  const sort = oneOf('--sort', flags.sort ?? 'date', SORTS);
  const stored = withStore((store) => {
    const wanted = id === undefined ? undefined : requireSearch(store, id).id;
    const all = store.select().from(searchesOverview).all();
    return wanted === undefined ? all : all.filter(({ searchId }) => searchId === wanted);
  });
  const { rows, note } = await confirmed(stored);
  const sorted = sortStatus(rows, sort);
  const folder = dataFolderPath();
  if (flags.json) printJson(sorted.map((row) => ({ ...row, livePage: livePageOf(folder, row.searchId!) })));
  else if (rows.length === 0) print('There is no search yet. Start one: npx qsched search --model shapes');
  else print(writeTable(statusTable(sorted), format, shown));
  if (note !== null) say(`note: ${note}`);
  const live = liveHomeOf(folder);
  if (live !== null && !flags.json && format === 'table') say(`  live page: ${live}`);
  const [lost] = sorted.filter(({ status }) => status === 'interrupted');
  if (lost !== undefined && !flags.json && format === 'table') say(`  resume: npx qsched resume ${lost.searchId}`);
  return 0;
}

/** Heads are bold, states coloured. */
const shown = (cell: string, row: number): string => (row === 0 ? styled('bold', cell) : stateStyled(cell));

/** Whether a stored status says that the search has not ended. */
const isOpen = (status: string | null): boolean => status === 'running' || status === 'paused';

/** Rows whose searches are stored as running are held against what runs. */
async function confirmed(
  rows: readonly (typeof searchesOverview.$inferSelect)[],
): Promise<{ readonly rows: readonly StatusRow[]; readonly note: string | null }> {
  const running = rows.flatMap(({ status, searchId }) => (isOpen(status) && searchId !== null ? [searchId] : []));
  if (running.length === 0) return { rows: rows.map((row) => ({ ...row, confirmed: true })), note: null };
  const { reconcile } = await import('../follow/reconcile.js');
  const { states, note } = await reconcile(running);
  return {
    rows: rows.map((row) => {
      const state = states.get(row.searchId ?? '');
      if (!isOpen(row.status)) return { ...row, confirmed: true };
      return {
        ...row,
        status: state === 'interrupted' ? state : row.status,
        confirmed: state !== undefined,
      };
    }),
    note,
  };
}
