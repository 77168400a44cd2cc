/**
 * `qsched status` and `best`: reading what is stored, without a server.
 */
import { eq } from 'drizzle-orm';
import { bestCoefficients, searchProgress } from '../../db/schema.js';
import { print, printJson, table, type GlobalOptions } from '../text/output.js';
import { requireSearch, withStore } from '../input/stored-search.js';

/** How far every search is, or one of them. */
export function statusCommand(id: string | undefined, flags: GlobalOptions): number {
  return withStore((store) => {
    const rows = id === undefined ? store.select().from(searchProgress).all() : store.select().from(searchProgress).where(eq(searchProgress.searchId, requireSearch(store, id).id)).all();
    if (flags.json) printJson(rows);
    else if (rows.length === 0) print('No search yet. Start one: npx qsched search --model shapes');
    else print(table([['search', 'status', 'scored', 'asked', 'failed', 'best', 'identity'], ...rows.map((row) => [row.searchId!, row.status!, String(row.scored ?? 0), String(row.asked), String(row.failed ?? 0), row.best?.toFixed(4) ?? '-', row.identity?.toFixed(4) ?? '-'])]));
    return 0;
  });
}

/** The best coefficients of every search, or of one. */
export function bestCommand(id: string | undefined, flags: GlobalOptions): number {
  return withStore((store) => {
    const rows = (id === undefined ? store.select().from(bestCoefficients).all() : store.select().from(bestCoefficients).where(eq(bestCoefficients.searchId, requireSearch(store, id).id)).all())
      .map((row) => ({ ...row, sample: JSON.parse(row.sample!) as number[], noise: JSON.parse(row.noise!) as number[] }));
    if (flags.json) printJson(rows);
    else if (rows.length === 0) print('No scored trial yet. Start a search: npx qsched search --model shapes');
    else {
      for (const row of rows) {
        print(`${row.searchId}: ${row.score!.toFixed(4)} (identity ${row.identityScore?.toFixed(4) ?? '-'}), recommended: ${row.recommend ?? `not yet (${row.status})`}`);
        print(`  c^x   [${row.sample.map((v) => v.toFixed(4)).join(', ')}]\n  c^eps [${row.noise.map((v) => v.toFixed(4)).join(', ')}]`);
      }
    }
    return 0;
  });
}
