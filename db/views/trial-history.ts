/**
 * The course of every search, trial by trial.
 */
import { sql } from 'drizzle-orm';
import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core';

/** Every trial with its coefficients and the best score so far in its stage. */
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
  /** `raced` trials: pairs that they were scored on; their score is an estimate from these. */
  pairs: integer('pairs'),
  bestSoFar: real('best_so_far'),
}).as(sql`
  select t.search_id as search_id, t.stage as stage, t.number as number, c.sample as sample, c.noise as noise,
         t.status as status, t.score as score, t.tc as tc, t.iq as iq, t.pairs as pairs,
         max(case when t.status = 'ok' then t.score end) over (partition by t.search_id, t.stage order by t.number) as best_so_far
  from trials t join candidates c on c.id = t.candidate_id`);
