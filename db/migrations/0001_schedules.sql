CREATE TABLE `schedules` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`scheduler` text NOT NULL,
	`steps` integer NOT NULL,
	`model` text,
	`precision` text,
	`coefficients` text NOT NULL,
	`fused` text NOT NULL,
	`document` text NOT NULL,
	`search_id` text,
	`created_at` text DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) NOT NULL,
	FOREIGN KEY (`search_id`) REFERENCES `searches`(`id`) ON UPDATE no action ON DELETE no action
);
