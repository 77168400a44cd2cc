/**
 * workers.json in the data folder: the process that runs its workers, and what they serve.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, isOneOfOurs } from '../../temporal/process-alive.js';

/** Who serves the queues of a data folder. */
export interface WorkersLock {
  readonly pid: number;
  readonly models: readonly string[];
  readonly address: string;
}

const pathIn = (folder: string): string => join(folder, 'workers.json');

/** The living process that serves this data folder, or null; a stale file is ignored. */
export function readWorkersLock(folder: string): WorkersLock | null {
  if (!existsSync(pathIn(folder))) return null;
  try {
    const lock = JSON.parse(readFileSync(pathIn(folder), 'utf8')) as WorkersLock;
    return isAlive(lock.pid) && isOneOfOurs(lock.pid) ? lock : null;
  } catch {
    return null;
  }
}

/** Records that this process serves the data folder. */
export function writeWorkersLock(folder: string, lock: WorkersLock): void {
  writeFileSync(pathIn(folder), `${JSON.stringify(lock, null, 2)}\n`);
}

/** Removes the file if it is ours. */
export function dropWorkersLock(folder: string): void {
  if (readWorkersLock(folder)?.pid === process.pid) rmSync(pathIn(folder), { force: true });
}
