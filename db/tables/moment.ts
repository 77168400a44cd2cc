/**
 * The default of time columns.
 */
import { sql } from 'drizzle-orm';

/** The time of writing, in UTC, to the millisecond. */
export const now = sql`(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`;
