/**
 * `server.json` in the data folder: the Temporal server that serves this folder.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readRecord, writeRecord } from './record-file.js';

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
export const readServerRecord = (dataFolder: string): ServerRecord | null =>
  readRecord(serverRecordPath(dataFolder), RECORD);

/** A reader sees the old record or the new one. */
export const writeServerRecord = (dataFolder: string, record: ServerRecord): void =>
  writeRecord(serverRecordPath(dataFolder), record);

/** Removes the record if it is that of this server process. */
export function removeServerRecord(dataFolder: string, pid: number): void {
  if (readServerRecord(dataFolder)?.pid === pid) rmSync(serverRecordPath(dataFolder), { force: true });
}
