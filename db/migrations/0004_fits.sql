CREATE TABLE `fits` (
	`key` text PRIMARY KEY NOT NULL,
	`schedule_id` text NOT NULL,
	`document` text NOT NULL,
	`trajectories` integer NOT NULL,
	`texts` text NOT NULL,
	`created_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
	FOREIGN KEY (`schedule_id`) REFERENCES `schedules`(`id`) ON UPDATE no action ON DELETE no action
);
