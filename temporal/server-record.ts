/**
 * `server.json` in the data folder: the Temporal server that serves this folder.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const RECORD = z.object({
  pid: z.number().int().positive(),
  address: z.string(),
  uiUrl: z.string(),
  namespace: z.string(),
  startedBy: z.number().int(),
  startedAt: z.string(),
  version: z.string(),
});

/** A server: process id, addresses, the process that started it and when (ISO 8601), server version. */
export type ServerRecord = z.infer<typeof RECORD>;

/** The file's path. */
export function serverRecordPath(dataFolder: string): string {
  return join(dataFolder, 'server.json');
}

/** The record, whether the server runs or not; null if there is no file, or it is not a valid record. */
export function readServerRecord(dataFolder: string): ServerRecord | null {
  try {
    return RECORD.parse(JSON.parse(readFileSync(serverRecordPath(dataFolder), 'utf8')));
  } catch {
    return null;
  }
}

/** Writes to a temporary file and renames it, so a reader sees the old record or the new one. */
export function writeServerRecord(dataFolder: string, record: ServerRecord): void {
  const beside = `${serverRecordPath(dataFolder)}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(beside, serverRecordPath(dataFolder));
}

/** Removes the record if it is that of this server process. */
export function removeServerRecord(dataFolder: string, pid: number): void {
  if (readServerRecord(dataFolder)?.pid === pid) rmSync(serverRecordPath(dataFolder), { force: true });
}
