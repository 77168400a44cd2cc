/**
 * All searches at a glance.
 */
import { sql } from 'drizzle-orm';
import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core';

/** One row per search, the latest first. Counts include the baseline; `gain` is held out, in the objective. */
export const searchesOverview = sqliteView('searches_overview', {
  searchId: text('search_id'),
  status: text('status'),
  /** Stage of the trial that was changed last; null before the first. */
  stage: text('stage'),
  model: text('model'),
  precision: text('precision'),
  scheduler: text('scheduler'),
  steps: integer('steps'),
  optimizer: text('optimizer'),
  /** Candidates besides the baseline. */
  budget: integer('budget'),
  /** Calibration trials. */
  asked: integer('asked'),
  scored: integer('scored'),
  failed: integer('failed'),
  /** Dropped in a race, before they were scored on all pairs. */
  raced: integer('raced'),
  /** Scored trials of the other stages. */
  selectScored: integer('select_scored'),
  confirmScored: integer('confirm_scored'),
  controlScored: integer('control_scored'),
  best: real('best'),
  identity: real('identity'),
  gain: real('gain'),
  gainLow: real('gain_low'),
  gainHigh: real('gain_high'),
  /** calibrated, identity (the baseline) or none; null without a result. */
  verdict: text('verdict'),
  /** From the start to the last change, interruptions included. */
  seconds: real('seconds'),
  /** Seconds that workers spent; null for searches of versions that did not store it. */
  workerSeconds: real('worker_seconds'),
  message: text('message'),
  createdAt: text('created_at'),
  updatedAt: text('updated_at'),
}).as(sql`
  select o.*, (julianday(o.updated_at) - julianday(o.created_at)) * 86400 as seconds from (
    select s.id as search_id, s.status as status,
           (select l.stage from trials l where l.search_id = s.id
            order by l.updated_at desc, l.created_at desc limit 1) as stage,
           s.model as model, s.precision as precision, json_extract(s.spec, '$.scheduler.type') as scheduler,
           s.steps as steps, s.optimizer as optimizer, json_extract(s.spec, '$.optimizer.budget') as budget,
           count(case when t.stage = 'calibration' then 1 end) as asked,
           count(case when t.stage = 'calibration' and t.status = 'ok' then 1 end) as scored,
           count(case when t.stage = 'calibration' and t.status = 'failed' then 1 end) as failed,
           count(case when t.stage = 'calibration' and t.status = 'raced' then 1 end) as raced,
           count(case when t.stage = 'select' and t.status = 'ok' then 1 end) as select_scored,
           count(case when t.stage = 'confirm' and t.status = 'ok' then 1 end) as confirm_scored,
           count(case when t.stage = 'control' and t.status = 'ok' then 1 end) as control_scored,
           max(case when t.stage = 'calibration' and t.status = 'ok' then t.score end) as best,
           max(case when t.stage = 'calibration' and t.number = 0 then t.score end) as identity,
           json_extract(s.result, '$.heldOut.gain') as gain, json_extract(s.result, '$.heldOut.low') as gain_low,
           json_extract(s.result, '$.heldOut.high') as gain_high, s.recommend as verdict,
           (select sum(w.seconds) from work w where w.search_id = s.id) as worker_seconds, s.message as message,
           s.created_at as created_at,
           max(s.updated_at, coalesce(max(t.updated_at), s.updated_at)) as updated_at
    from searches s left join trials t on t.search_id = s.id
    group by s.id) o
  order by o.created_at desc, o.search_id desc`);
