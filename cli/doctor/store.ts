/**
 * Checks of the data folder: space, database, artefacts.
 */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { artefactUsage } from '../../artefacts/usage.js';
import { asStoreError } from '../../db/open-store.js';
import { schemaAge } from '../../db/schema-version.js';
import { artefactFolder, dataFolder } from '../../temporal/data-folder.js';
import { databasePath } from '../host/database.js';
import { formatBytes } from '../text/bytes.js';
import type { Check } from './finding.js';

const MIN_FREE_BYTES = 500e6;
const BUSY_MILLISECONDS = 5000;

function folderDetail(): string {
  const folder = dataFolder();
  accessSync(folder, constants.W_OK);
  const { bavail, bsize } = statfsSync(folder);
  const free = formatBytes(bavail * bsize);
  if (bavail * bsize < MIN_FREE_BYTES) throw new Error(`${folder} has only ${free} left`);
  return `${folder}, ${free} free`;
}

/** Its size, integrity and version, and that it can be written. Nothing of it is changed. */
export function databaseDetail(path = databasePath()): string {
  if (!existsSync(path)) return 'none yet; the first search creates it';
  try {
    return storedDetail(path);
  } catch (error) {
    throw (error as { code?: string }).code?.startsWith('SQLITE') ? asStoreError(error, path, 'reading') : error;
  }
}

function storedDetail(path: string): string {
  const client = new Database(path, { readonly: true, timeout: BUSY_MILLISECONDS });
  try {
    const age = schemaAge(client);
    if (age === 'newer') throw new Error(`${path} was written by a newer version of qsched`);
    const [first] = client.pragma('quick_check(1)') as { quick_check: string }[];
    if (first?.quick_check !== 'ok') throw new Error(`${path} is damaged: ${first?.quick_check}`);
    const files = [path, `${path}-wal`].filter((file) => existsSync(file)); // recent changes are in the second one
    for (const file of files) accessSync(file, constants.W_OK);
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    const version = age === 'older' ? 'of an older version: the next command that writes updates it' : 'up to date';
    return `${path}, ${formatBytes(bytes)}, intact, ${version}`;
  } finally {
    client.close();
  }
}

function artefactsDetail(): string {
  const folder = artefactFolder();
  const { count, bytes, kinds } = artefactUsage(folder);
  const size = `${folder}, ${count} files (${kinds.images.count} images), ${formatBytes(bytes)}`;
  return count === 0 ? size : `${size}; to remove old ones: npx qsched clean --max-bytes 10GB`;
}

export const STORE_CHECKS: readonly Check[] = [
  { name: 'data folder', advice: 'Free some space, or choose another folder with QSCHED_DATA.', find: folderDetail },
  {
    name: 'database',
    advice: 'Restore a copy, move the file away, or fix its permissions.',
    find: () => databaseDetail(),
  },
  { name: 'artefacts', advice: 'Check the permissions of the folder.', find: artefactsDetail },
];
