/**
 * `qsched status`: the progress of searches, as the database has it and the Temporal server confirms it.
 */
import type { Store } from '../../db/open-store.js';
import { listRuns, type StoredRun } from '../../db/runs.js';
import { searchesOverview } from '../../db/schema.js';
import { liveHomeOf, livePageOf } from '../../live/live-record.js';
import { dataFolderPath } from '../../temporal/data-folder.js';
import type { Reconciled } from '../follow/reconcile.js';
import type { Given } from '../input/flag.js';
import type { STATUS } from '../input/flags.js';
import { HELD_RUNS, storedRun } from '../input/stored-run.js';
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
  const { stored, runs } = withStore((store) => read(store, id));
  const { rows, states, note } = await confirmed(stored, runs);
  const sorted = sortStatus(rows, sort);
  const folder = dataFolderPath();
  if (flags.json) printJson(sorted.map((row) => ({ ...row, livePage: livePageOf(folder, row.searchId!) })));
  else if (rows.length > 0) print(writeTable(statusTable(sorted), format, shown));
  else if (runs.length === 0) print('There is no search yet. Start one: npx qsched search --model shapes');
  if (!flags.json && format === 'table') for (const one of runs) print(runLine(one, states.get(one.id)));
  if (note !== null) say(`note: ${note}`);
  const live = liveHomeOf(folder);
  if (live !== null && !flags.json && format === 'table') say(`  live page: ${live}`);
  const [lost] = sorted.filter(({ status }) => status === 'interrupted');
  if (lost !== undefined && !flags.json && format === 'table') say(`  resume: npx qsched resume ${lost.searchId}`);
  return 0;
}

/** An evaluation or a gate. */
type Run = Pick<StoredRun, 'id' | 'kind' | 'name' | 'status'>;

/** What is stored of a search, an evaluation or a gate; without an id, of every search, and of the others that have not ended. */
function read(store: Store, id: string | undefined) {
  const named = id === undefined ? undefined : storedRun(store, id);
  const runs: readonly Run[] = listRuns(store).filter((run) =>
    id === undefined ? HELD_RUNS[run.kind] !== undefined && isOpen(run.status) : run.id === named?.id,
  );
  if (named !== undefined) return { stored: [], runs };
  const wanted = id === undefined ? undefined : requireSearch(store, id).id;
  const all = store.select().from(searchesOverview).all();
  return { stored: wanted === undefined ? all : all.filter(({ searchId }) => searchId === wanted), runs };
}

/** `evaluation evaluate-1f2e: paused (3 rows of shapes ...); continue it: npx qsched unpause evaluate-1f2e` */
function runLine({ id, kind, name, status }: Run, state: 'running' | 'interrupted' | undefined): string {
  const shownStatus = isOpen(status) && state === 'interrupted' ? state : status;
  const hints: Readonly<Record<string, string>> = {
    paused: `; continue it: npx qsched unpause ${id}`,
    interrupted: '; run it again with the same command: images that are made are reused',
  };
  const known = !isOpen(status) || state !== undefined;
  return `${HELD_RUNS[kind]} ${id}: ${shownStatus}${known ? '' : '?'} (${name})${hints[shownStatus] ?? ''}`;
}

/** Heads are bold, states coloured. */
const shown = (cell: string, row: number): string => (row === 0 ? styled('bold', cell) : stateStyled(cell));

/** Whether a stored status says that the search has not ended. */
const isOpen = (status: string | null): boolean => status === 'running' || status === 'paused';

/** What is stored as running is held against what runs. */
async function confirmed(
  rows: readonly (typeof searchesOverview.$inferSelect)[],
  runs: readonly Run[],
): Promise<{ readonly rows: readonly StatusRow[] } & Reconciled> {
  const running = [
    ...rows.flatMap(({ status, searchId }) => (isOpen(status) && searchId !== null ? [searchId] : [])),
    ...runs.flatMap(({ status, id }) => (isOpen(status) ? [id] : [])),
  ];
  if (running.length === 0) {
    return { rows: rows.map((row) => ({ ...row, confirmed: true })), states: new Map(), note: null };
  }
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
    states,
    note,
  };
}
