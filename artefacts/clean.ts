/**
 * Removes the least recently used artefacts. Workers may run meanwhile: what is removed counts as absent, and is made
 * again when it is needed.
 */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { messageOf, QschedError } from '../contract/errors.js';
import { filesOf, isHash, TEMPORARY, type ArtefactFile, type ArtefactPart } from './artefact-folder.js';
import type { Usage } from './usage.js';

/** What was removed, and what remains. Both include the keys. */
export interface CleanResult {
  readonly removed: Usage;
  readonly kept: Usage;
}

/** An unfinished file of this age was left by a process that was killed. */
const ABANDONED_MILLISECONDS = 24 * 3600_000;

/**
 * Removes objects, the least recently used first, with the keys that are bound to them, until the folder holds at most
 * `maxBytes`. Files that are being written stay. Unfinished files that are a day old, and keys whose object is gone, are
 * removed in any case.
 *
 * @param maxBytes 0 or more
 * @throws QschedError (failure) if the folder cannot be read, or files in it cannot be removed
 */
export function cleanArtefacts(folder: string, maxBytes: number): CleanResult {
  const kept = { count: 0, bytes: 0 };
  const removed = { count: 0, bytes: 0 };
  const remove = (file: ArtefactFile): boolean => {
    if (!removeUnused(file)) return false;
    kept.count -= 1;
    kept.bytes -= file.bytes;
    removed.count += 1;
    removed.bytes += file.bytes;
    return true;
  };
  const finished = (part: ArtefactPart): ArtefactFile[] => {
    const files = [...filesOf(folder, part)];
    for (const { bytes } of files) {
      kept.count += 1;
      kept.bytes += bytes;
    }
    files.filter(isAbandoned).forEach(remove);
    return files.filter(({ name }) => isHash(name));
  };
  // Keys are listed first: a key is bound after its object was written, so that the object of a listed key is listed too.
  const keys = byHash(finished('keys'));
  const objects = finished('objects').sort((a, b) => a.used - b.used);
  const present = new Set(objects.map(({ name }) => name));
  for (const [hash, bound] of keys) if (!present.has(hash)) bound.forEach(remove);
  for (const object of objects) {
    if (kept.bytes <= maxBytes) break;
    if (remove(object)) keys.get(object.name)?.forEach(remove);
  }
  return { removed, kept };
}

const isAbandoned = ({ name, used }: ArtefactFile): boolean =>
  name.endsWith(TEMPORARY) && Date.now() - used > ABANDONED_MILLISECONDS;

/** Keys by the hash that they are bound to. */
function byHash(keys: readonly ArtefactFile[]): Map<string, ArtefactFile[]> {
  const bound = new Map<string, ArtefactFile[]>();
  for (const file of keys) {
    const hash = contentOf(file);
    const others = bound.get(hash);
    if (others === undefined) bound.set(hash, [file]);
    else others.push(file);
  }
  return bound;
}

/** The text of a key's file; a damaged one leads to no object, and so does one that is gone. */
function contentOf({ path }: ArtefactFile): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** Removes a file unless it was used after it was listed. @returns whether it was removed */
function removeUnused({ path, used }: ArtefactFile): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.mtimeMs !== used) return false;
  try {
    rmSync(path);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return false;
    throw new QschedError(
      'failure',
      `The artefact ${path} cannot be removed: ${messageOf(error)}`,
      'Check the permissions of the artefact folder.',
    );
  }
}
