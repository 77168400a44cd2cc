/**
 * The calibration progress of every search.
 */
import { sql } from 'drizzle-orm';
import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core';

/** Counts and best scores of the calibration trials, the baseline included. */
export const searchProgress = sqliteView('search_progress', {
  searchId: text('search_id'),
  model: text('model'),
  precision: text('precision'),
  optimizer: text('optimizer'),
  status: text('status'),
  asked: integer('asked'),
  scored: integer('scored'),
  failed: integer('failed'),
  /** Dropped in a race, before they were scored on all pairs. */
  raced: integer('raced'),
  best: real('best'),
  identity: real('identity'),
  updatedAt: text('updated_at'),
}).as(sql`
  select s.id as search_id, s.model as model, s.precision as precision, s.optimizer as optimizer, s.status as status,
         count(t.number) as asked, sum(t.status = 'ok') as scored, sum(t.status = 'failed') as failed, sum(t.status = 'raced') as raced,
         max(case when t.status = 'ok' then t.score end) as best, max(case when t.number = 0 then t.score end) as identity,
         max(s.updated_at, coalesce(max(t.updated_at), s.updated_at)) as updated_at
  from searches s left join trials t on t.search_id = s.id and t.stage = 'calibration'
  group by s.id`);
