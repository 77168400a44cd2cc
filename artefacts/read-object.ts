/**
 * Reading an object of an artefact folder without a trace: no time of use is written and nothing damaged is removed, so that
 * whoever only looks needs no permission to write.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isHash, pathIn } from './artefact-folder.js';

/** The bytes of a hash; undefined if they are absent, cannot be read, or are damaged. */
export function readObject(folder: string, hash: string): Uint8Array | undefined {
  if (!isHash(hash)) return undefined;
  try {
    const bytes = readFileSync(pathIn(folder, 'objects', hash));
    return createHash('sha256').update(bytes).digest('hex') === hash ? bytes : undefined;
  } catch {
    return undefined;
  }
}
