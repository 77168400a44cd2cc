/**
 * The tables of evaluations and studies as rows.
 */
import { sql } from 'drizzle-orm';
import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core';

/**
 * One row per row of a stored table. `gain` is over the baseline of the same network, in the objective; `low` and
 * `high` are the ends of 95 % intervals. Columns are null if the table lacks the number.
 */
export const evaluationRows = sqliteView('evaluation_rows', {
  runId: text('run_id'),
  /** evaluate or study. */
  kind: text('kind'),
  name: text('name'),
  status: text('status'),
  updatedAt: text('updated_at'),
  /** Of the row in its table, from 0. */
  position: integer('position'),
  model: text('model'),
  precision: text('precision'),
  scheduler: text('scheduler'),
  steps: integer('steps'),
  eta: real('eta'),
  schedule: text('schedule'),
  /** JSON arrays. */
  sample: text('sample'),
  noise: text('noise'),
  images: integer('images'),
  failed: integer('failed'),
  objective: real('objective'),
  objectiveLow: real('objective_low'),
  objectiveHigh: real('objective_high'),
  tc: real('tc'),
  iq: real('iq'),
  clipScore: real('clip_score'),
  clipScoreLow: real('clip_score_low'),
  clipScoreHigh: real('clip_score_high'),
  fid: real('fid'),
  fidLow: real('fid_low'),
  fidHigh: real('fid_high'),
  fidFeatures: text('fid_features'),
  fidSd: real('fid_sd'),
  kid: real('kid'),
  cmmd: real('cmmd'),
  gain: real('gain'),
  gainLow: real('gain_low'),
  gainHigh: real('gain_high'),
  verdict: text('verdict'),
  pHolm: real('p_holm'),
  /** JSON array: hashes of the records in the artefact folder that lead to the images. */
  records: text('records'),
}).as(sql`
  select r.id as run_id, r.kind as kind, r.name as name, r.status as status, r.updated_at as updated_at,
         j.key as position, json_extract(j.value, '$.model') as model, json_extract(j.value, '$.precision') as precision,
         json_extract(j.value, '$.scheduler') as scheduler, json_extract(j.value, '$.steps') as steps,
         json_extract(j.value, '$.eta') as eta,
         coalesce(json_extract(j.value, '$.label'), json_extract(j.value, '$.schedule')) as schedule,
         json_extract(j.value, '$.coefficients.sample') as sample,
         json_extract(j.value, '$.coefficients.noise') as noise, json_extract(j.value, '$.images') as images,
         json_extract(j.value, '$.failed') as failed, json_extract(j.value, '$.objective') as objective,
         json_extract(j.value, '$.objectiveLow') as objective_low,
         json_extract(j.value, '$.objectiveHigh') as objective_high, json_extract(j.value, '$.tc') as tc,
         json_extract(j.value, '$.iq') as iq, json_extract(j.value, '$.clipScore') as clip_score,
         json_extract(j.value, '$.clipScoreLow') as clip_score_low,
         json_extract(j.value, '$.clipScoreHigh') as clip_score_high, json_extract(j.value, '$.fid') as fid,
         json_extract(j.value, '$.fidLow') as fid_low, json_extract(j.value, '$.fidHigh') as fid_high,
         json_extract(j.value, '$.fidFeatures') as fid_features, json_extract(j.value, '$.fidSd') as fid_sd,
         json_extract(j.value, '$.kid') as kid, json_extract(j.value, '$.cmmd') as cmmd,
         json_extract(j.value, '$.gains[0].gain') as gain,
         coalesce(json_extract(j.value, '$.gains[0].low'),
                  min(json_extract(j.value, '$.gains[0].percentile.low'),
                      json_extract(j.value, '$.gains[0].studentised.low'))) as gain_low,
         coalesce(json_extract(j.value, '$.gains[0].high'),
                  max(json_extract(j.value, '$.gains[0].percentile.high'),
                      json_extract(j.value, '$.gains[0].studentised.high'))) as gain_high,
         json_extract(j.value, '$.recommend') as verdict, json_extract(j.value, '$.pHolm') as p_holm,
         json_extract(j.value, '$.records') as records
  from runs r join json_each(r.result, '$.rows') j`);
