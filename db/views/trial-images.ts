/**
 * From trials to their images in the artefact folder.
 */
import { sql } from 'drizzle-orm';
import { integer, sqliteView, text } from 'drizzle-orm/sqlite-core';

/** The images that were kept, at present those of the confirmation: one row per trial, prompt and seed. */
export const trialImages = sqliteView('trial_images', {
  searchId: text('search_id'),
  stage: text('stage'),
  number: integer('number'),
  /** Of the prompt in its split. */
  position: integer('position'),
  prompt: text('prompt'),
  seed: integer('seed'),
  /** Hash in the artefact folder. */
  image: text('image'),
}).as(sql`
  select t.search_id as search_id, t.stage as stage, t.number as number, sp.position as position, p.text as prompt,
         e.seed as seed, max(e.image) as image
  from trials t
  join searches s on s.id = t.search_id
  join search_contexts sc on sc.search_id = t.search_id
  join contexts c on c.id = sc.context_id and c.precision = case t.stage when 'control' then coalesce(
    (select f.precision from search_contexts fc join contexts f on f.id = fc.context_id
     where fc.search_id = s.id and f.precision <> s.precision limit 1), s.precision) else s.precision end
  join evaluations e on e.context_id = c.id and e.candidate_id = t.candidate_id and e.image is not null
  join search_prompts sp on sp.search_id = t.search_id and sp.prompt_id = e.prompt_id
       and sp.split = case t.stage when 'control' then 'confirm' else t.stage end
  join json_each(json_extract(s.spec,
       '$.' || case sp.split when 'calibration' then 'prompts' else sp.split end || '.seeds')) seed
       on seed.value = e.seed
  join prompts p on p.id = sp.prompt_id
  group by t.search_id, t.stage, t.number, sp.position, e.seed`);
