/**
 * Why evaluations of a search failed.
 */
import { and, count, desc, eq } from 'drizzle-orm';
import type { Store } from './open-store.js';
import { evaluations } from './schema.js';

/** Maximum number of reasons to list. */
const MAX_REASONS = 3;

/** The most frequent reasons first, as in `the scorer "s" gave x = NaN (8 evaluations)`; empty if nothing failed. */
export function failureReasons(store: Store, searchId: string): string[] {
  const times = count();
  const rows = store
    .select({ reason: evaluations.reason, times })
    .from(evaluations)
    .where(and(eq(evaluations.searchId, searchId), eq(evaluations.status, 'failed')))
    .groupBy(evaluations.reason)
    .orderBy(desc(times), evaluations.reason)
    .limit(MAX_REASONS)
    .all();
  return rows.map(
    (row) => `${row.reason ?? 'unknown'} (${row.times} ${row.times === 1 ? 'evaluation' : 'evaluations'})`,
  );
}
