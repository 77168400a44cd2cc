/**
 * Hashing large files before they are needed, and telling a person who waits for it.
 */
import { statSync } from 'node:fs';
import { hashFile, isSlowToHash } from './file-hashes.js';
import { hashFolder } from './hash-cache.js';

/** Less than this is hashed before anybody asks why it takes so long. */
const TOLD_BYTES = 2 ** 31;
const TELL_MILLISECONDS = 5000;

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/**
 * Hashes those files that are large and whose hashes are not known; the hashes are kept in the user's cache folder.
 *
 * @param say receives a line at the start, every five seconds and at the end, if there is much to read
 * @param toldBytes how much is much
 */
export async function hashAhead(
  paths: readonly string[],
  say: (line: string) => void,
  toldBytes = TOLD_BYTES,
): Promise<void> {
  const slow = [...new Set(paths)].filter(isSlowToHash);
  const total = slow.reduce((sum, path) => sum + statSync(path).size, 0);
  const tell = total >= toldBytes ? say : () => undefined;
  if (slow.length > 0) tell(`hashing ${gigabytes(total)} of model files, once`);
  const begin = performance.now();
  let told = begin;
  let done = 0;
  const onBytes = (count: number): void => {
    done += count;
    const now = performance.now();
    if (now - told < TELL_MILLISECONDS) return;
    told = now;
    const left = ((now - begin) * (total - done)) / done / 1000;
    tell(`hashed ${gigabytes(done)} of ${gigabytes(total)}, about ${Math.ceil(left)} s left`);
  };
  for (const path of slow) await hashFile(path, onBytes);
  const seconds = Math.round((performance.now() - begin) / 1000);
  if (slow.length > 0) tell(`hashed ${gigabytes(total)} in ${seconds} s; the hashes are kept in ${hashFolder()}`);
}
