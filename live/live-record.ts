/**
 * `live.json` in the data folder: the process that serves the live page, and where. It stays when that process ends, so
 * that the next one takes the same port.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive, isOneOfOurs } from '../temporal/process-alive.js';
import { readRecord, writeRecord } from '../temporal/record-file.js';

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
export const readLiveRecord = (folder: string): LiveRecord | null => readRecord(pathIn(folder), RECORD);

/** A reader sees the old record or the new one. */
export const writeLiveRecord = (folder: string, record: LiveRecord): void => writeRecord(pathIn(folder), record);

/** The address of a port, without a slash at the end. */
export const liveAddress = (port: number): string => `http://127.0.0.1:${port}`;

/** Address of the live page of a data folder, such as `http://127.0.0.1:8234`; null if nobody serves it now. */
export function liveHomeOf(folder: string): string | null {
  const record = readLiveRecord(folder);
  if (record === null || !record.serving || !isAlive(record.pid)) return null;
  return isOneOfOurs(record.pid) ? liveAddress(record.port) : null;
}

/** Address of a search's page, or with `tables` of that of an evaluation or a table; null if nobody serves it now. */
export function livePageOf(folder: string, id: string, kind: 'searches' | 'tables' = 'searches'): string | null {
  const home = liveHomeOf(folder);
  return home === null ? null : `${home}/${kind}/${encodeURIComponent(id)}`;
}
