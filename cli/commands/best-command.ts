/**
 * `qsched best`: what searches found, without a server.
 */
import { eq } from 'drizzle-orm';
import { bestCoefficients, repairSplit } from '../../db/schema.js';
import { requireSearch, withStore } from '../input/stored-search.js';
import { bestText, parseBest } from '../text/best-text.js';
import { print, printJson, type GlobalOptions } from '../text/output.js';

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
