CREATE TABLE `candidates` (
	`id` text PRIMARY KEY NOT NULL,
	`sample` text NOT NULL,
	`noise` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `contexts` (
	`id` text PRIMARY KEY NOT NULL,
	`model` text NOT NULL,
	`precision` text NOT NULL,
	`scorer` text NOT NULL,
	`provenance` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `evaluations` (
	`key` text PRIMARY KEY NOT NULL,
	`context_id` text NOT NULL,
	`candidate_id` text NOT NULL,
	`prompt_id` text NOT NULL,
	`seed` integer NOT NULL,
	`status` text NOT NULL,
	`reason` text,
	`terms` text,
	`search_id` text NOT NULL,
	`created_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
	FOREIGN KEY (`context_id`) REFERENCES `contexts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`candidate_id`) REFERENCES `candidates`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`prompt_id`) REFERENCES `prompts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`search_id`) REFERENCES `searches`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `evaluations_by_candidate` ON `evaluations` (`context_id`,`candidate_id`);--> statement-breakpoint
CREATE TABLE `prompts` (
	`id` text PRIMARY KEY NOT NULL,
	`text` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `search_contexts` (
	`search_id` text NOT NULL,
	`context_id` text NOT NULL,
	PRIMARY KEY(`search_id`, `context_id`),
	FOREIGN KEY (`search_id`) REFERENCES `searches`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`context_id`) REFERENCES `contexts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `search_prompts` (
	`search_id` text NOT NULL,
	`split` text NOT NULL,
	`position` integer NOT NULL,
	`prompt_id` text NOT NULL,
	PRIMARY KEY(`search_id`, `split`, `position`),
	FOREIGN KEY (`search_id`) REFERENCES `searches`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`prompt_id`) REFERENCES `prompts`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `searches` (
	`id` text PRIMARY KEY NOT NULL,
	`model` text NOT NULL,
	`precision` text NOT NULL,
	`steps` integer NOT NULL,
	`optimizer` text NOT NULL,
	`spec` text NOT NULL,
	`status` text NOT NULL,
	`message` text,
	`recommend` text,
	`result` text,
	`created_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
	`updated_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL
);
--> statement-breakpoint
CREATE TABLE `trials` (
	`search_id` text NOT NULL,
	`stage` text NOT NULL,
	`number` integer NOT NULL,
	`candidate_id` text NOT NULL,
	`point` text NOT NULL,
	`status` text NOT NULL,
	`score` real,
	`tc` real,
	`iq` real,
	`created_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
	`updated_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
	PRIMARY KEY(`search_id`, `stage`, `number`),
	FOREIGN KEY (`search_id`) REFERENCES `searches`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`candidate_id`) REFERENCES `candidates`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE VIEW `best_coefficients` AS 
  select s.id as search_id, s.model as model, s.precision as precision, s.steps as steps, s.optimizer as optimizer,
         c.sample as sample, c.noise as noise, t.score as score, t.tc as tc, t.iq as iq,
         i.score as identity_score, t.score - i.score as gain, s.status as status, s.recommend as recommend
  from searches s
  join trials t on t.search_id = s.id and t.stage = 'calibration' and t.number =
    (select b.number from trials b where b.search_id = s.id and b.stage = 'calibration' and b.status = 'ok'
     order by b.score desc, b.number limit 1)
  join candidates c on c.id = t.candidate_id
  left join trials i on i.search_id = s.id and i.stage = 'calibration' and i.number = 0;--> statement-breakpoint
CREATE VIEW `search_progress` AS 
  select s.id as search_id, s.model as model, s.precision as precision, s.optimizer as optimizer, s.status as status,
         count(t.number) as asked, sum(t.status = 'ok') as scored, sum(t.status = 'failed') as failed,
         max(t.score) as best, max(case when t.number = 0 then t.score end) as identity,
         max(s.updated_at, coalesce(max(t.updated_at), s.updated_at)) as updated_at
  from searches s left join trials t on t.search_id = s.id and t.stage = 'calibration'
  group by s.id;--> statement-breakpoint
CREATE VIEW `trial_history` AS 
  select t.search_id as search_id, t.stage as stage, t.number as number, c.sample as sample, c.noise as noise,
         t.status as status, t.score as score, t.tc as tc, t.iq as iq,
         max(t.score) over (partition by t.search_id, t.stage order by t.number) as best_so_far
  from trials t join candidates c on c.id = t.candidate_id;