ALTER TABLE `searches` ADD `opening` text;--> statement-breakpoint
ALTER TABLE `trials` ADD `pairs` integer;--> statement-breakpoint
DROP VIEW `best_coefficients`;--> statement-breakpoint
DROP VIEW `search_progress`;--> statement-breakpoint
DROP VIEW `searches_overview`;--> statement-breakpoint
DROP VIEW `trial_history`;--> statement-breakpoint
CREATE VIEW `repair_split` AS 
  select s.id as search_id, r.key as position, json_extract(r.value, '$.scorer') as scorer,
         json_extract(s.result, '$.control.precision') as precision, json_extract(r.value, '$.prompts') as prompts,
         json_extract(r.value, '$.gain.value') as gain, json_extract(r.value, '$.gain.low') as gain_low,
         json_extract(r.value, '$.gain.high') as gain_high, json_extract(r.value, '$.full.value') as full_gain,
         json_extract(r.value, '$.full.low') as full_low, json_extract(r.value, '$.full.high') as full_high,
         json_extract(r.value, '$.repair.value') as repair, json_extract(r.value, '$.repair.low') as repair_low,
         json_extract(r.value, '$.repair.high') as repair_high, json_extract(r.value, '$.share.value') as share,
         json_extract(r.value, '$.share.low') as share_low, json_extract(r.value, '$.share.high') as share_high
  from searches s join json_each(s.result, '$.control.repair') r on r.type = 'object';--> statement-breakpoint
CREATE VIEW `best_coefficients` AS 
  select s.id as search_id, coalesce(s.finished_at, s.updated_at) as date, s.status as status, s.model as model,
         s.precision as precision, json_extract(s.spec, '$.scheduler.type') as scheduler, s.steps as steps,
         json_extract(s.spec, '$.scheduler.eta') as eta, json_extract(s.spec, '$.objective.type') as objective,
         case when json_extract(s.spec, '$.objective.type') not in ('iq', 'weighted')
              then case json_extract(s.spec, '$.objective.k') when 'auto' then json_extract(s.opening, '$.k.value')
                   else json_extract(s.spec, '$.objective.k') end end as k,
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
    coalesce(case when s.status = 'finished' and json_type(s.spec, '$.objective.atLeast') is not null
                  then json_extract(s.result, '$.best.trial') end,
    (select b.number from trials b where b.search_id = s.id and b.stage = 'calibration' and b.status = 'ok'
     order by b.score desc, b.number limit 1))
  join candidates c on c.id = t.candidate_id
  left join trials i on i.search_id = s.id and i.stage = 'calibration' and i.number = 0
  left join candidates ic on ic.id = i.candidate_id;--> statement-breakpoint
CREATE VIEW `search_progress` AS 
  select s.id as search_id, s.model as model, s.precision as precision, s.optimizer as optimizer, s.status as status,
         count(t.number) as asked, sum(t.status = 'ok') as scored, sum(t.status = 'failed') as failed, sum(t.status = 'raced') as raced,
         max(case when t.status = 'ok' then t.score end) as best, max(case when t.number = 0 then t.score end) as identity,
         max(s.updated_at, coalesce(max(t.updated_at), s.updated_at)) as updated_at
  from searches s left join trials t on t.search_id = s.id and t.stage = 'calibration'
  group by s.id;--> statement-breakpoint
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
  order by o.created_at desc, o.search_id desc;--> statement-breakpoint
CREATE VIEW `trial_history` AS 
  select t.search_id as search_id, t.stage as stage, t.number as number, c.sample as sample, c.noise as noise,
         t.status as status, t.score as score, t.tc as tc, t.iq as iq, t.pairs as pairs,
         max(case when t.status = 'ok' then t.score end) over (partition by t.search_id, t.stage order by t.number) as best_so_far
  from trials t join candidates c on c.id = t.candidate_id;