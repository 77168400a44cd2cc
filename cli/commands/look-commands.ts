/**
 * `qsched status` and `best`: reading what is stored, without a server.
 */
import { eq } from 'drizzle-orm';
import { bestCoefficients, searchProgress } from '../../db/schema.js';
import { bestText, type BestRow } from '../text/best-text.js';
import { fixed } from '../text/numbers.js';
import { print, printJson, table, type GlobalOptions } from '../text/output.js';
import { requireSearch, withCurrentStore, withStore } from '../input/stored-search.js';

/** How far every search is, or one of them. */
export function statusCommand(id: string | undefined, flags: GlobalOptions): number {
  return withStore((store) => {
    const all = store.select().from(searchProgress);
    const rows =
      id === undefined ? all.all() : all.where(eq(searchProgress.searchId, requireSearch(store, id).id)).all();
    const cells = rows.map((row) => [
      row.searchId!,
      row.status!,
      String(row.scored ?? 0),
      String(row.asked),
      String(row.failed ?? 0),
      fixed(row.best),
      fixed(row.identity),
    ]);
    if (flags.json) printJson(rows);
    else if (rows.length === 0) print('No search yet. Start one: npx qsched search --model shapes');
    else print(table([['search', 'status', 'scored', 'asked', 'failed', 'best', 'identity'], ...cells]));
    return 0;
  });
}

/** What every search found, or one of them: its finalist, or before a verdict the best calibration candidate. */
export function bestCommand(id: string | undefined, flags: GlobalOptions): number {
  return withCurrentStore((store) => {
    const all = store.select().from(bestCoefficients);
    const rows =
      id === undefined ? all.all() : all.where(eq(bestCoefficients.searchId, requireSearch(store, id).id)).all();
    const read = (text: string): number[] => JSON.parse(text) as number[];
    const parsed = rows.map((row): BestRow => ({
      ...row,
      sample: read(row.sample!),
      noise: read(row.noise!),
      finalistSample: row.finalistSample === null ? null : read(row.finalistSample),
      finalistNoise: row.finalistNoise === null ? null : read(row.finalistNoise),
    }));
    if (flags.json) printJson(parsed);
    else if (rows.length === 0) print('No scored trial yet. Start a search: npx qsched search --model shapes');
    else for (const row of parsed) print(bestText(row));
    return 0;
  });
}
