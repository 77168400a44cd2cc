/**
 * How much of a finalist's held-out gain repairs quantisation, search by search and scorer by scorer.
 */
import { sql } from 'drizzle-orm';
import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core';

/**
 * One row per scorer of every search that compared its finalist with the full-precision network; the objective's has
 * position 0. `repair` is gain - max(0, full_gain), and the rest of the gain is tuning of the schedule, which the
 * full-precision network gains as well. `share` is repair / gain: null unless the interval of the gain is above 0.
 */
export const repairSplit = sqliteView('repair_split', {
  searchId: text('search_id'),
  position: integer('position'),
  scorer: text('scorer'),
  /** Full precision. */
  precision: text('precision'),
  prompts: integer('prompts'),
  gain: real('gain'),
  gainLow: real('gain_low'),
  gainHigh: real('gain_high'),
  fullGain: real('full_gain'),
  fullLow: real('full_low'),
  fullHigh: real('full_high'),
  repair: real('repair'),
  repairLow: real('repair_low'),
  repairHigh: real('repair_high'),
  share: real('share'),
  shareLow: real('share_low'),
  shareHigh: real('share_high'),
}).as(sql`
  select s.id as search_id, r.key as position, json_extract(r.value, '$.scorer') as scorer,
         json_extract(s.result, '$.control.precision') as precision, json_extract(r.value, '$.prompts') as prompts,
         json_extract(r.value, '$.gain.value') as gain, json_extract(r.value, '$.gain.low') as gain_low,
         json_extract(r.value, '$.gain.high') as gain_high, json_extract(r.value, '$.full.value') as full_gain,
         json_extract(r.value, '$.full.low') as full_low, json_extract(r.value, '$.full.high') as full_high,
         json_extract(r.value, '$.repair.value') as repair, json_extract(r.value, '$.repair.low') as repair_low,
         json_extract(r.value, '$.repair.high') as repair_high, json_extract(r.value, '$.share.value') as share,
         json_extract(r.value, '$.share.low') as share_low, json_extract(r.value, '$.share.high') as share_high
  from searches s join json_each(s.result, '$.control.repair') r on r.type = 'object'`);
