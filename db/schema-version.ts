/**
 * The version of a database file: the last migration that it has, against those of this installation.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type Database from 'better-sqlite3';
import { QschedError } from '../contract/errors.js';

/** The folder db/migrations, when run from the sources as well as from dist/. @throws QschedError (failure) if missing */
export function migrationsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, 'db', 'migrations');
    if (existsSync(join(candidate, 'meta', '_journal.json'))) return candidate;
    const parent = dirname(folder);
    if (parent === folder) {
      throw new QschedError(
        'failure',
        'The database migrations are missing from this installation.',
        'Install qsched again.',
      );
    }
    folder = parent;
  }
}

/** Whether a database was written by an older or a newer version of qsched; a file without tables is older. */
export function schemaAge(client: Database.Database): 'older' | 'current' | 'newer' {
  const known = client.prepare("select 1 from sqlite_master where name = '__drizzle_migrations'").get();
  if (known === undefined) return 'older';
  const last = client.prepare('select max(created_at) from __drizzle_migrations').pluck().get() as number | null;
  const journal = JSON.parse(readFileSync(join(migrationsFolder(), 'meta', '_journal.json'), 'utf8')) as {
    entries: { when: number }[];
  };
  const newest = Math.max(...journal.entries.map(({ when }) => when));
  if ((last ?? 0) > newest) return 'newer';
  return last === newest ? 'current' : 'older';
}
