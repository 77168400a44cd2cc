CREATE VIEW `gate_scores` AS 
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
  where r.kind = 'gate';