/**
 * What scores belong to, stored once by content: contexts, prompts and candidates.
 */
import { sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Everything that a score depends on besides coefficients, prompt and seed. */
export const contexts = sqliteTable('contexts', {
  /** sha256 of the provenance. */
  id: text('id').primaryKey(),
  model: text('model').notNull(),
  precision: text('precision').notNull(),
  scorer: text('scorer').notNull(),
  /** JSON: file hashes, schedule without coefficients, scorer version, numeric class. */
  provenance: text('provenance').notNull(),
});

export const prompts = sqliteTable('prompts', {
  /** sha256 of the text, and of its nouns if a scorer reads them. */
  id: text('id').primaryKey(),
  text: text('text').notNull(),
});

export const candidates = sqliteTable('candidates', {
  /** sha256 of the coefficients' float64 bits. */
  id: text('id').primaryKey(),
  /** JSON array: c^x, one per step. */
  sample: text('sample').notNull(),
  /** JSON array: c^eps, one per step. */
  noise: text('noise').notNull(),
});
