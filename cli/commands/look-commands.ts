/**
 * `qsched status` and `qsched best`: reading what is stored, without a server.
 */
import { eq } from 'drizzle-orm';
import { bestCoefficients, repairSplit, searchesOverview } from '../../db/schema.js';
import type { Given } from '../input/flag.js';
import type { LOOK } from '../input/flags.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { bestText, parseBest } from '../text/best-text.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';
import { statusTable } from '../text/status-table.js';
import { tableFormat, writeTable } from '../text/table-document.js';

/** The progress of every search, or of one. @returns the exit code */
export function statusCommand(id: string | undefined, flags: Given<typeof LOOK> & GlobalOptions): number {
  const format = tableFormat(flags.format);
  return withStore((store) => {
    const all = store.select().from(searchesOverview);
    const rows =
      id === undefined ? all.all() : all.where(eq(searchesOverview.searchId, requireSearch(store, id).id)).all();
    if (flags.json) printJson(rows);
    else if (rows.length === 0) print('There is no search yet. Start one: npx qsched search --model shapes');
    else print(writeTable(statusTable(rows), format));
    return 0;
  });
}

/** What every search found, or one of them: its finalist, or before a verdict the best candidate. @returns the exit code */
export function bestCommand(id: string | undefined, flags: GlobalOptions): number {
  return withStore((store) => {
    const all = store.select().from(bestCoefficients);
    const rows =
      id === undefined ? all.all() : all.where(eq(bestCoefficients.searchId, requireSearch(store, id).id)).all();
    const splits = store.select().from(repairSplit).orderBy(repairSplit.position).all();
    const parsed = rows.map((row) => parseBest(row, splits));
    const none = 'There is no scored candidate yet. Start a search: npx qsched search --model shapes';
    if (flags.json) printJson(parsed);
    else print(parsed.map(bestText).join('\n') || none);
    return 0;
  });
}
