DROP VIEW `best_coefficients`;--> statement-breakpoint
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
    (select b.number from trials b
     left join trials r on r.search_id = b.search_id and r.stage = 'calibration' and r.number = 0
     where b.search_id = s.id and b.stage = 'calibration' and b.status = 'ok'
       and (b.number = 0 or not exists (
         select 1 from json_each(s.spec, '$.objective.atLeast') a
         where coalesce(case a.key when 'text' then b.tc - r.tc when 'quality' then b.iq - r.iq end, -9e999) < a.value))
     order by b.score desc, b.number limit 1))
  join candidates c on c.id = t.candidate_id
  left join trials i on i.search_id = s.id and i.stage = 'calibration' and i.number = 0
  left join candidates ic on ic.id = i.candidate_id;