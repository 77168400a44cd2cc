/**
 * sha256 of large files, kept on disk between processes: one small file per path, which says what the hashed file looked
 * like. It is written whole and renamed into place: who reads it meanwhile finds the old one or the new one. One that is
 * damaged, or about a file that looks otherwise now, counts as absent.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from '../../artefacts/cache-folder.js';

/** Smaller files are hashed in a tenth of a second. */
export const LARGE_BYTES = 64 * 2 ** 20;

/** Where hashes are kept. */
export const hashFolder = (): string => join(cacheFolder(), 'hashes');

const entryOf = (path: string): string =>
  join(hashFolder(), createHash('sha256').update(resolve(path)).digest('hex').slice(0, 32));

/** The hash of a file that looks like `stamp`, if it is kept. */
export function keptHash(path: string, stamp: string): string | undefined {
  try {
    const [kept, hash, end] = readFileSync(entryOf(path), 'utf8').split('\n');
    return kept === stamp && end === '' && /^[0-9a-f]{64}$/.test(hash!) ? hash : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a hash; a folder that cannot be written, or is full, keeps none. */
export function keepHash(path: string, stamp: string, hash: string): void {
  const entry = entryOf(path);
  const unfinished = `${entry}.${randomUUID()}.tmp`;
  attempt(() => {
    mkdirSync(hashFolder(), { recursive: true });
    writeFileSync(unfinished, `${stamp}\n${hash}\n`);
    renameSync(unfinished, entry);
  });
  attempt(() => rmSync(unfinished, { force: true }));
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // A hash that is not kept is computed again.
  }
}
