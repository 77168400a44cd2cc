/**
 * The scores of gates as rows.
 */
import { sql } from 'drizzle-orm';
import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core';

/** One row per score of a stored gate. Columns are null if the gate lacks the number. */
export const gateScores = sqliteView('gate_scores', {
  runId: text('run_id'),
  /** Candidate against reference. */
  name: text('name'),
  status: text('status'),
  updatedAt: text('updated_at'),
  /** passed, failed or undecided: of the whole gate. */
  verdict: text('verdict'),
  /** Of the score in its gate, from 0. */
  position: integer('position'),
  score: text('score'),
  /** pointwise or pairwise. */
  kind: text('kind'),
  /** higher or lower. */
  better: text('better'),
  reference: real('reference'),
  candidate: real('candidate'),
  /** Candidate minus reference, or the mean pairwise score, with one-sided bounds. */
  estimate: real('estimate'),
  low: real('low'),
  high: real('high'),
  margin: real('margin'),
  spread: real('spread'),
  /** passed, failed or open. */
  state: text('state'),
  /** Prompts that were looked at. */
  prompts: integer('prompts'),
  promptsNeeded: integer('prompts_needed'),
}).as(sql`
  select r.id as run_id, r.name as name, r.status as status, r.updated_at as updated_at,
         json_extract(r.result, '$.verdict') as verdict, j.key as position,
         json_extract(j.value, '$.name') as score, json_extract(j.value, '$.kind') as kind,
         json_extract(j.value, '$.better') as better, json_extract(j.value, '$.reference') as reference,
         json_extract(j.value, '$.candidate') as candidate, json_extract(j.value, '$.estimate') as estimate,
         json_extract(j.value, '$.low') as low, json_extract(j.value, '$.high') as high,
         json_extract(j.value, '$.margin') as margin, json_extract(j.value, '$.spread') as spread,
         json_extract(j.value, '$.state') as state, json_extract(r.result, '$.prompts.count') as prompts,
         json_extract(j.value, '$.promptsNeeded') as prompts_needed
  from runs r join json_each(r.result, '$.scores') j
  where r.kind = 'gate'`);
