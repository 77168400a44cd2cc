/**
 * Records of running processes: small JSON files in the data folder.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';

/** The record, whether its process lives or not; null if there is no file, or it is not a valid record. */
export function readRecord<T>(path: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Writes to a temporary file and renames it, so that a reader sees the old record or the new one. */
export function writeRecord(path: string, record: object): void {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(beside, path);
}
