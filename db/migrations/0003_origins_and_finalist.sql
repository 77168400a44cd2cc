CREATE TABLE `schedule_origins` (
	`schedule_id` text NOT NULL,
	`origin` text NOT NULL,
	`kind` text NOT NULL,
	`search_id` text,
	`document` text NOT NULL,
	`created_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
	`used_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
	PRIMARY KEY(`schedule_id`, `origin`),
	FOREIGN KEY (`schedule_id`) REFERENCES `schedules`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `schedule_origins_by_search` ON `schedule_origins` (`search_id`);--> statement-breakpoint
ALTER TABLE `searches` ADD `finished_at` text;--> statement-breakpoint
DROP VIEW `best_coefficients`;--> statement-breakpoint
CREATE VIEW `best_coefficients` AS 
  select s.id as search_id, s.model as model, s.precision as precision, s.steps as steps, s.optimizer as optimizer,
         c.sample as sample, c.noise as noise, t.score as score, t.tc as tc, t.iq as iq,
         i.score as identity_score, t.score - i.score as gain, s.status as status, s.recommend as recommend,
         json_extract(s.result, '$.finalist.sample') as finalist_sample,
         json_extract(s.result, '$.finalist.noise') as finalist_noise,
         json_extract(s.result, '$.heldOut.gain') as held_out_gain,
         json_extract(s.result, '$.heldOut.low') as held_out_low,
         json_extract(s.result, '$.heldOut.high') as held_out_high
  from searches s
  join trials t on t.search_id = s.id and t.stage = 'calibration' and t.number =
    (select b.number from trials b where b.search_id = s.id and b.stage = 'calibration' and b.status = 'ok'
     order by b.score desc, b.number limit 1)
  join candidates c on c.id = t.candidate_id
  left join trials i on i.search_id = s.id and i.stage = 'calibration' and i.number = 0;--> statement-breakpoint
UPDATE `searches` SET `finished_at` = `updated_at` WHERE `result` IS NOT NULL;--> statement-breakpoint
INSERT INTO `schedule_origins` (`schedule_id`, `origin`, `kind`, `search_id`, `document`, `created_at`, `used_at`)
SELECT `id`,
       json_patch('{}', json_object(
         'kind', `kind`, 'model', `model`, 'precision', `precision`,
         'scheduler', json_object(
           'eta', json_extract(`document`, '$.scheduler.eta'), 'spacing', json_extract(`document`, '$.scheduler.spacing'),
           'steps', json_extract(`document`, '$.scheduler.steps'), 'type', json_extract(`document`, '$.scheduler.type')),
         'searchId', json_extract(`document`, '$.searchId'))),
       `kind`, json_extract(`document`, '$.searchId'), `document`, `created_at`, `created_at`
FROM `schedules` ORDER BY `created_at`, `id`;
