/**
 * The files of an artefact folder.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';

export type ArtefactPart = 'objects' | 'keys';

/** How the names of unfinished files end. */
export const TEMPORARY = '.tmp';

const HASH = /^[0-9a-f]{64}$/;

/** Whether a text is 64 hex digits. */
export const isHash = (text: string): boolean => HASH.test(text);

/** The path of an object or a binding. */
export const pathIn = (folder: string, part: ArtefactPart, name: string): string =>
  join(folder, part, name.slice(0, 2), name);

/** A file of the folder. */
export interface ArtefactFile {
  readonly path: string;
  /** A hash or key, or the name of an unfinished file. */
  readonly name: string;
  readonly bytes: number;
  /** Time of the last use, in milliseconds since 1970. */
  readonly used: number;
}

/**
 * All files of one part; files that others remove meanwhile are left out.
 *
 * @throws QschedError (failure) if the folder cannot be read
 */
export function* filesOf(folder: string, part: ArtefactPart): Generator<ArtefactFile> {
  const root = join(folder, part);
  for (const group of namesIn(root)) {
    for (const name of namesIn(join(root, group))) {
      const path = join(root, group, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isFile()) yield { path, name, bytes: stat.size, used: stat.mtimeMs };
    }
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new QschedError(
      'failure',
      `The artefact folder ${path} cannot be read: ${messageOf(error)}`,
      'Check its permissions.',
    );
  }
}
