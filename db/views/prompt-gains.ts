/**
 * The held-out gain of every search, prompt by prompt.
 */
import { sql } from 'drizzle-orm';
import { integer, real, sqliteView, text } from 'drizzle-orm/sqlite-core';

/**
 * Scores per held-out prompt and scorer, means over the prompt's seeds; the mean of `gain` over a scorer's prompts is
 * its held-out gain. Prompts with failed images are absent, as are searches whose result an older version wrote.
 */
export const promptGains = sqliteView('prompt_gains', {
  searchId: text('search_id'),
  scorer: text('scorer'),
  position: integer('position'),
  prompt: text('prompt'),
  baseline: real('baseline'),
  finalist: real('finalist'),
  gain: real('gain'),
}).as(sql`
  select ps.search_id as search_id, ps.scorer as scorer, ps.position as position, p.text as prompt,
         ps.baseline as baseline, ps.finalist as finalist, ps.finalist - ps.baseline as gain
  from prompt_scores ps join prompts p on p.id = ps.prompt_id`);
