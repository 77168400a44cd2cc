/**
 * sha256 of model files, remembered by path, size and time of change.
 */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const known = new Map<string, Promise<string>>();

/** What changes when a file is written anew: path, size and time of change. */
export function fileStamp(path: string): string {
  const { size, mtimeMs } = statSync(path);
  return `${path}|${size}|${mtimeMs}`;
}

/** Stamps of files by path. */
export const stampFiles = (paths: readonly string[]): ReadonlyMap<string, string> =>
  new Map(paths.map((path) => [path, fileStamp(path)]));

/** Those of the files that were changed or removed since. */
export const changedFiles = (stamps: ReadonlyMap<string, string>): string[] =>
  [...stamps].flatMap(([path, stamp]) =>
    statSync(path, { throwIfNoEntry: false }) !== undefined && fileStamp(path) === stamp ? [] : [path],
  );

/** sha256 (hex) of one file. */
export async function hashFile(path: string): Promise<string> {
  const key = fileStamp(path);
  const found = known.get(key);
  if (found) return found;
  const hash = createHash('sha256');
  const made = pipeline(createReadStream(path), hash).then(() => hash.digest('hex'));
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}

/** File name -> sha256, for files relative to a folder. */
export async function hashFiles(folder: string, files: readonly string[]): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const file of files) hashes[file] = await hashFile(join(folder, file));
  return hashes;
}
