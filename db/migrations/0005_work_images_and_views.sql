CREATE TABLE `prompt_scores` (
	`search_id` text NOT NULL,
	`scorer` text NOT NULL,
	`position` integer NOT NULL,
	`prompt_id` text NOT NULL,
	`baseline` real NOT NULL,
	`finalist` real NOT NULL,
	PRIMARY KEY(`search_id`, `scorer`, `position`),
	FOREIGN KEY (`search_id`) REFERENCES `searches`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`prompt_id`) REFERENCES `prompts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `work` (
	`search_id` text NOT NULL,
	`stage` text NOT NULL,
	`number` integer NOT NULL,
	`worker` text NOT NULL,
	`seconds` real NOT NULL,
	`runtime_seconds` real NOT NULL,
	`denoiser_rows` real NOT NULL,
	`padded_rows` real NOT NULL,
	`evaluations` integer NOT NULL,
	`recorded_at` text NOT NULL,
	FOREIGN KEY (`search_id`) REFERENCES `searches`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `work_by_search` ON `work` (`search_id`);--> statement-breakpoint
ALTER TABLE `evaluations` ADD `image` text;--> statement-breakpoint
DROP VIEW `best_coefficients`;--> statement-breakpoint
CREATE VIEW `evaluation_rows` AS 
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
  from runs r join json_each(r.result, '$.rows') j;--> statement-breakpoint
CREATE VIEW `prompt_gains` AS 
  select ps.search_id as search_id, ps.scorer as scorer, ps.position as position, p.text as prompt,
         ps.baseline as baseline, ps.finalist as finalist, ps.finalist - ps.baseline as gain
  from prompt_scores ps join prompts p on p.id = ps.prompt_id;--> statement-breakpoint
CREATE VIEW `searches_overview` AS 
  select o.*, (julianday(o.updated_at) - julianday(o.created_at)) * 86400 as seconds from (
    select s.id as search_id, s.status as status,
           (select l.stage from trials l where l.search_id = s.id
            order by l.updated_at desc, l.created_at desc limit 1) as stage,
           s.model as model, s.precision as precision, json_extract(s.spec, '$.scheduler.type') as scheduler,
           s.steps as steps, s.optimizer as optimizer, json_extract(s.spec, '$.optimizer.budget') as budget,
           count(case when t.stage = 'calibration' then 1 end) as asked,
           count(case when t.stage = 'calibration' and t.status = 'ok' then 1 end) as scored,
           count(case when t.stage = 'calibration' and t.status = 'failed' then 1 end) as failed,
           count(case when t.stage = 'select' and t.status = 'ok' then 1 end) as select_scored,
           count(case when t.stage = 'confirm' and t.status = 'ok' then 1 end) as confirm_scored,
           count(case when t.stage = 'control' and t.status = 'ok' then 1 end) as control_scored,
           max(case when t.stage = 'calibration' then t.score end) as best,
           max(case when t.stage = 'calibration' and t.number = 0 then t.score end) as identity,
           json_extract(s.result, '$.heldOut.gain') as gain, json_extract(s.result, '$.heldOut.low') as gain_low,
           json_extract(s.result, '$.heldOut.high') as gain_high, s.recommend as verdict,
           (select sum(w.seconds) from work w where w.search_id = s.id) as worker_seconds, s.message as message,
           s.created_at as created_at,
           max(s.updated_at, coalesce(max(t.updated_at), s.updated_at)) as updated_at
    from searches s left join trials t on t.search_id = s.id
    group by s.id) o
  order by o.created_at desc, o.search_id desc;--> statement-breakpoint
CREATE VIEW `trial_images` AS 
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
  group by t.search_id, t.stage, t.number, sp.position, e.seed;--> statement-breakpoint
CREATE VIEW `best_coefficients` AS 
  select s.id as search_id, coalesce(s.finished_at, s.updated_at) as date, s.status as status, s.model as model,
         s.precision as precision, json_extract(s.spec, '$.scheduler.type') as scheduler, s.steps as steps,
         json_extract(s.spec, '$.scheduler.eta') as eta, json_extract(s.spec, '$.objective.type') as objective,
         case when json_extract(s.spec, '$.objective.type') not in ('iq', 'weighted')
              then json_extract(s.spec, '$.objective.k') end as k,
         json_extract(s.spec, '$.coefficients.range[0]') as range_low,
         json_extract(s.spec, '$.coefficients.range[1]') as range_high, s.optimizer as optimizer,
         s.recommend as verdict, json_extract(s.result, '$.heldOut.reason') as reason,
         case s.recommend when 'calibrated' then json_extract(s.result, '$.finalist.sample')
                          when 'identity' then ic.sample end as sample,
         case s.recommend when 'calibrated' then json_extract(s.result, '$.finalist.noise')
                          when 'identity' then ic.noise end as noise,
         json_extract(s.result, '$.heldOut.gain') as held_out_gain,
         json_extract(s.result, '$.heldOut.low') as held_out_low,
         json_extract(s.result, '$.heldOut.high') as held_out_high,
         c.sample as searched_sample, c.noise as searched_noise, t.score as searched_score, t.tc as searched_tc,
         t.iq as searched_iq, t.score - i.score as searched_gain, i.score as identity_score,
         json_extract(s.result, '$.finalist.sample') as finalist_sample,
         json_extract(s.result, '$.finalist.noise') as finalist_noise, s.recommend as recommend
  from searches s
  join trials t on t.search_id = s.id and t.stage = 'calibration' and t.number =
    (select b.number from trials b where b.search_id = s.id and b.stage = 'calibration' and b.status = 'ok'
     order by b.score desc, b.number limit 1)
  join candidates c on c.id = t.candidate_id
  left join trials i on i.search_id = s.id and i.stage = 'calibration' and i.number = 0
  left join candidates ic on ic.id = i.candidate_id;