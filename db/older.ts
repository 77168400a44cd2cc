/**
 * Whether a database lacks what this version reads.
 */
import { sql } from 'drizzle-orm';
import type { Store } from './open-store.js';
import { bestCoefficients, fits, runs, scheduleOrigins, searches } from './schema.js';

/** Whether an older version left it as it is; opened for writing, it is brought up to date. */
export function isOlder(store: Store): boolean {
  try {
    for (const one of [runs, scheduleOrigins, searches, bestCoefficients, fits]) {
      store
        .select()
        .from(one)
        .where(sql`false`)
        .all();
    }
    return false;
  } catch {
    return true;
  }
}
