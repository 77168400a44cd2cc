/**
 * `live.json` in the data folder: the process that serves the live page, and where. It stays when that process ends, so
 * that the next one takes the same port.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { commandLine, isAlive } from '../temporal/process-alive.js';

const RECORD = z.object({
  pid: z.number().int().positive(),
  port: z.number().int().min(1).max(65_535),
  /** False after an orderly end: the process itself may live on. */
  serving: z.boolean(),
});

/** Who serves, or served last, the live page of a data folder. */
export type LiveRecord = z.infer<typeof RECORD>;

const pathIn = (folder: string): string => join(folder, 'live.json');

/** The record, whether its process lives or not; null if there is none, or it is not a valid record. */
export function readLiveRecord(folder: string): LiveRecord | null {
  try {
    return RECORD.parse(JSON.parse(readFileSync(pathIn(folder), 'utf8')));
  } catch {
    return null;
  }
}

/** Writes to a temporary file and renames it, so that a reader sees the old record or the new one. */
export function writeLiveRecord(folder: string, record: LiveRecord): void {
  const beside = `${pathIn(folder)}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(beside, pathIn(folder));
}

/** The address of a port, without a slash at the end. */
export const liveAddress = (port: number): string => `http://127.0.0.1:${port}`;

/** Address of the live page of a data folder, such as `http://127.0.0.1:8234`; null if nobody serves it now. */
export function liveHomeOf(folder: string): string | null {
  const record = readLiveRecord(folder);
  if (record === null || !record.serving || !isAlive(record.pid)) return null;
  // Another program may have the process id of a command that was killed.
  const ours = record.pid === process.pid || /qsched|main\.js/.test(commandLine(record.pid) ?? 'qsched');
  return ours ? liveAddress(record.port) : null;
}

/** Address of a search's page, or with `tables` of that of an evaluation or a table; null if nobody serves it now. */
export function livePageOf(folder: string, id: string, kind: 'searches' | 'tables' = 'searches'): string | null {
  const home = liveHomeOf(folder);
  return home === null ? null : `${home}/${kind}/${encodeURIComponent(id)}`;
}
