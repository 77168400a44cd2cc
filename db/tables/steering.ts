/**
 * What people changed about a search while it ran, in its order.
 */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { now } from './moment.js';
import { searches } from './searches.js';

export const steering = sqliteTable(
  'steering',
  {
    searchId: text('search_id')
      .notNull()
      .references(() => searches.id),
    /** 1, 2, ... in the order in which the changes were accepted. */
    sequence: integer('sequence').notNull(),
    kind: text('kind', { enum: ['stop', 'extend', 'enqueue'] }).notNull(),
    /** JSON: `{cut}`, `{from, to}` or `{point}` (contract/steering.ts). */
    payload: text('payload').notNull(),
    /** Candidates told when it took effect; null until it does. */
    after: integer('after'),
    createdAt: text('created_at').notNull().default(now),
  },
  (t) => [primaryKey({ columns: [t.searchId, t.sequence] })],
);
