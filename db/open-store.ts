/**
 * Opens the SQLite file: pragmas, migrations, and an error message for people if that fails.
 */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { messageOf, QschedError } from '../contract/errors.js';
import * as schema from './schema.js';
import { migrationsFolder, schemaAge } from './schema-version.js';

/** The database handle that every function of this folder takes. */
export type Store = BetterSQLite3Database<typeof schema> & { readonly $client: Database.Database };

/**
 * Opens the database; creates and migrates it if necessary.
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
    if (schemaAge(client) === 'newer') {
      throw new QschedError(
        'failure',
        `The database ${path} was written by a newer version of qsched.`,
        'Update qsched, or choose another folder with QSCHED_DATA.',
      );
    }
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

/** Turns an error of SQLite into a message for people; QschedErrors are returned as they are. */
export function asStoreError(error: unknown, path: string, purpose: 'reading' | 'writing' = 'writing'): QschedError {
  if (error instanceof QschedError) return error;
  const [message, hint] = explained(error, (error as { code?: string }).code ?? '', path, purpose);
  return new QschedError('failure', message, hint);
}

function explained(error: unknown, code: string, path: string, purpose: string): [message: string, hint: string] {
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return [
      `The database ${path} is locked by another program.`,
      'Close the program that is writing to it, then try again.',
    ];
  }
  if (error instanceof TypeError && messageOf(error).includes('directory does not exist')) {
    return [
      `The folder of the database ${path} does not exist.`,
      'Create it, or choose another folder with QSCHED_DATA.',
    ];
  }
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_CANTOPEN' || code === 'EACCES') {
    return [
      `The database ${path} cannot be opened for ${purpose}.`,
      'Check the permissions of the file and of its folder, where SQLite keeps two more files; or choose another folder with QSCHED_DATA.',
    ];
  }
  if (code === 'SQLITE_FULL' || code.startsWith('SQLITE_IOERR')) {
    return [
      `The disk that holds ${path} is full or failing (${code}).`,
      'Free some space. Stored results are safe; `npx qsched resume` continues.',
    ];
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return [
      `${path} is not a qsched database, or it is damaged.`,
      'Move it away, or choose another folder with QSCHED_DATA.',
    ];
  }
  return [`The database ${path} failed: ${messageOf(error)}`, 'Run again with --debug for details.'];
}
