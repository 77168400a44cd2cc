/**
 * Views of the database, for people who only have `sqlite3`.
 */
import { sql } from 'drizzle-orm';
import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core';

/**
 * What a search found. `sample`, `noise`, `score`, `tc`, `iq` and `gain` are of the best candidate on the calibration
 * prompts, which chose it. `recommend` and `held_out_...` are the verdict, and speak of the finalist: `finalist_sample` and
 * `finalist_noise` are the coefficients to use; null without a verdict.
 */
export const bestCoefficients = sqliteView('best_coefficients', {
  searchId: text('search_id'),
  model: text('model'),
  precision: text('precision'),
  steps: integer('steps'),
  optimizer: text('optimizer'),
  sample: text('sample'),
  noise: text('noise'),
  score: real('score'),
  tc: real('tc'),
  iq: real('iq'),
  identityScore: real('identity_score'),
  gain: real('gain'),
  status: text('status'),
  recommend: text('recommend'),
  finalistSample: text('finalist_sample'),
  finalistNoise: text('finalist_noise'),
  heldOutGain: real('held_out_gain'),
  heldOutLow: real('held_out_low'),
  heldOutHigh: real('held_out_high'),
}).as(sql`
  select s.id as search_id, s.model as model, s.precision as precision, s.steps as steps, s.optimizer as optimizer,
         c.sample as sample, c.noise as noise, t.score as score, t.tc as tc, t.iq as iq,
         i.score as identity_score, t.score - i.score as gain, s.status as status, s.recommend as recommend,
         json_extract(s.result, '$.finalist.sample') as finalist_sample,
         json_extract(s.result, '$.finalist.noise') as finalist_noise,
         json_extract(s.result, '$.heldOut.gain') as held_out_gain,
         json_extract(s.result, '$.heldOut.low') as held_out_low,
         json_extract(s.result, '$.heldOut.high') as held_out_high
  from searches s
  join trials t on t.search_id = s.id and t.stage = 'calibration' and t.number =
    (select b.number from trials b where b.search_id = s.id and b.stage = 'calibration' and b.status = 'ok'
     order by b.score desc, b.number limit 1)
  join candidates c on c.id = t.candidate_id
  left join trials i on i.search_id = s.id and i.stage = 'calibration' and i.number = 0`);

/** How far every search is. */
export const searchProgress = sqliteView('search_progress', {
  searchId: text('search_id'),
  model: text('model'),
  precision: text('precision'),
  optimizer: text('optimizer'),
  status: text('status'),
  asked: integer('asked'),
  scored: integer('scored'),
  failed: integer('failed'),
  best: real('best'),
  identity: real('identity'),
  updatedAt: text('updated_at'),
}).as(sql`
  select s.id as search_id, s.model as model, s.precision as precision, s.optimizer as optimizer, s.status as status,
         count(t.number) as asked, sum(t.status = 'ok') as scored, sum(t.status = 'failed') as failed,
         max(t.score) as best, max(case when t.number = 0 then t.score end) as identity,
         max(s.updated_at, coalesce(max(t.updated_at), s.updated_at)) as updated_at
  from searches s left join trials t on t.search_id = s.id and t.stage = 'calibration'
  group by s.id`);

/** Every trial with its coefficients and the best so far. */
export const trialHistory = sqliteView('trial_history', {
  searchId: text('search_id'),
  stage: text('stage'),
  number: integer('number'),
  sample: text('sample'),
  noise: text('noise'),
  status: text('status'),
  score: real('score'),
  tc: real('tc'),
  iq: real('iq'),
  bestSoFar: real('best_so_far'),
}).as(sql`
  select t.search_id as search_id, t.stage as stage, t.number as number, c.sample as sample, c.noise as noise,
         t.status as status, t.score as score, t.tc as tc, t.iq as iq,
         max(t.score) over (partition by t.search_id, t.stage order by t.number) as best_so_far
  from trials t join candidates c on c.id = t.candidate_id`);
