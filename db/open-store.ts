/**
 * Opens the SQLite file: migrations, pragmas, and one clear sentence where it cannot.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { messageOf, QschedError } from '../contract/errors.js';
import * as schema from './schema.js';

/** The database handle that every function of this folder takes. */
export type Store = BetterSQLite3Database<typeof schema> & { readonly $client: Database.Database };

/** db/migrations, from the sources as from dist/. */
function migrationsFolder(): string {
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

/**
 * Opens (and where needed creates and migrates) the database.
 *
 * @param options.readonly opens without writing; the file must exist
 * @throws QschedError (failure): absent, locked, read-only, damaged, or written by a newer version
 */
export function openStore(path: string, options: { readonly?: boolean; busyMilliseconds?: number } = {}): Store {
  if (options.readonly && !existsSync(path)) {
    throw new QschedError(
      'failure',
      `There is no database at ${path} yet.`,
      'Run a search first: npx qsched search --model shapes',
    );
  }
  let client: Database.Database | undefined;
  try {
    client = new Database(path, { readonly: options.readonly ?? false, timeout: options.busyMilliseconds ?? 10_000 });
    const store = drizzle(client, { schema }) as Store;
    refuseNewer(client, path);
    if (!options.readonly) {
      client.pragma('journal_mode = WAL');
      client.pragma('synchronous = NORMAL');
      client.pragma('wal_autocheckpoint = 8000'); // pages; fewer and longer syncs
      client.pragma('foreign_keys = ON');
      // Takes the write lock once: a file that cannot be written is refused here, not at the first score.
      client.exec('begin immediate; rollback');
      migrate(store, { migrationsFolder: migrationsFolder() });
    }
    return store;
  } catch (error) {
    client?.close();
    throw asStoreError(error, path, options.readonly ? 'reading' : 'writing');
  }
}

function refuseNewer(client: Database.Database, path: string): void {
  const known = client.prepare("select 1 from sqlite_master where name = '__drizzle_migrations'").get();
  if (!known) return;
  const last = client.prepare('select max(created_at) as at from __drizzle_migrations').get() as { at: number | null };
  const journal = JSON.parse(readFileSync(join(migrationsFolder(), 'meta', '_journal.json'), 'utf8')) as {
    entries: { when: number }[];
  };
  const newest = Math.max(...journal.entries.map((entry) => entry.when));
  if ((last.at ?? 0) > newest) {
    throw new QschedError(
      'failure',
      `The database ${path} was written by a newer version of qsched.`,
      'Update qsched, or choose another folder with QSCHED_DATA.',
    );
  }
}

/** Turns SQLite's error into a sentence for the reader; leaves QschedErrors as they are. */
export function asStoreError(error: unknown, path: string, purpose: 'reading' | 'writing' = 'writing'): QschedError {
  if (error instanceof QschedError) return error;
  const code = (error as { code?: string }).code ?? '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new QschedError(
      'failure',
      `The database ${path} is locked by another program.`,
      'Close the program that writes to it, then try again.',
    );
  }
  if (error instanceof TypeError && messageOf(error).includes('directory does not exist')) {
    return new QschedError(
      'failure',
      `The folder of the database ${path} does not exist.`,
      'Create it, or choose another folder with QSCHED_DATA.',
    );
  }
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_CANTOPEN' || code === 'EACCES') {
    return new QschedError(
      'failure',
      `The database ${path} cannot be opened for ${purpose}.`,
      'Check the permissions of the file and of its folder, where SQLite keeps two more files; or choose another folder with QSCHED_DATA.',
    );
  }
  if (code === 'SQLITE_FULL' || code.startsWith('SQLITE_IOERR')) {
    return new QschedError(
      'failure',
      `The disk that holds ${path} is full or failing (${code}).`,
      'Free some space; what is stored is safe, and `npx qsched resume` continues.',
    );
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return new QschedError(
      'failure',
      `${path} is not a qsched database, or it is damaged.`,
      'Move it away, or choose another folder with QSCHED_DATA.',
    );
  }
  return new QschedError(
    'failure',
    `The database ${path} failed: ${messageOf(error)}`,
    'Run again with --debug for details.',
  );
}
