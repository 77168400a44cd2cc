/**
 * sha256 of model files, remembered by what changes when a file is written anew; those of large files on disk as well.
 */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { keepHash, keptHash, LARGE_BYTES } from './hash-cache.js';

const known = new Map<string, Promise<string>>();

/** A change within this time before a file is read may leave its times as they are: its hash is not kept on disk. */
const SETTLED_MILLISECONDS = 2000;
const CHUNK_BYTES = 2 ** 20;

/** What changes when a file is written anew, replaced or restored: path, size, inode, and both times of change. */
export function fileStamp(path: string): string {
  const { size, ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [path, size, ino, mtimeNs, ctimeNs].join('|');
}

/** Stamps of files by path. */
export const stampFiles = (paths: readonly string[]): ReadonlyMap<string, string> =>
  new Map(paths.map((path) => [path, fileStamp(path)]));

/** Those of the files that were changed or removed since. */
export const changedFiles = (stamps: ReadonlyMap<string, string>): string[] =>
  [...stamps].flatMap(([path, stamp]) =>
    statSync(path, { throwIfNoEntry: false }) !== undefined && fileStamp(path) === stamp ? [] : [path],
  );

/** Whether a hash would have to be computed from the whole of a large file. */
export function isSlowToHash(path: string): boolean {
  if (statSync(path).size < LARGE_BYTES) return false;
  const stamp = fileStamp(path);
  return !known.has(stamp) && keptHash(path, stamp) === undefined;
}

/** sha256 (hex) of one file. @param onBytes told how many bytes were read, as they are */
export async function hashFile(path: string, onBytes?: (count: number) => void): Promise<string> {
  const stamp = fileStamp(path);
  const found = known.get(stamp);
  if (found) return found;
  const kept = keptHash(path, stamp);
  const made = kept === undefined ? readHash(path, stamp, onBytes) : Promise.resolve(kept);
  known.set(stamp, made);
  made.catch(() => known.delete(stamp));
  return made;
}

async function readHash(path: string, stamp: string, onBytes?: (count: number) => void): Promise<string> {
  const { size, ctimeMs } = statSync(path);
  const settled = Date.now() - ctimeMs > SETTLED_MILLISECONDS;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    hash.update(chunk as Buffer);
    onBytes?.((chunk as Buffer).length);
  }
  const digest = hash.digest('hex');
  if (size >= LARGE_BYTES && settled && fileStamp(path) === stamp) keepHash(path, stamp, digest);
  return digest;
}

/** File name -> sha256, for files relative to a folder. */
export async function hashFiles(folder: string, files: readonly string[]): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const file of files) hashes[file] = await hashFile(join(folder, file));
  return hashes;
}
