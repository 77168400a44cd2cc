/**
 * Images, terms and features by the hash of their content, and keys that lead to them. Content never changes: several
 * processes may use one folder at the same time, and whatever is missing is made again.
 *
 *   objects/ab/<sha256>   the bytes
 *   keys/ab/<key>         the hash that the key is bound to
 *
 * The modification time of an object is when it was last used, to the hour: `clean` removes the least recently used ones.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';
import { isHash, pathIn, TEMPORARY, type ArtefactPart } from './artefact-folder.js';

/** Content by hash, and keys that are bound to hashes. */
export interface ArtefactStore {
  /**
   * Keeps bytes.
   *
   * @returns their sha256, hex
   * @throws QschedError (failure) if they cannot be written: a retry may help
   */
  put(bytes: Uint8Array): string;
  /** The bytes of a hash; undefined if they are absent or damaged. Damaged ones are removed and counted. */
  get(hash: string): Uint8Array | undefined;
  /** Binds a key to a hash, in place of what it was bound to. @param key 64 hex digits */
  bind(key: string, hash: string): void;
  /** The hash that a key is bound to; undefined if there is none, or if the binding is damaged. */
  find(key: string): string | undefined;
  /** Objects and bindings that were damaged, since this store was opened. */
  damaged(): number;
}

const HOUR = 3600_000;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A store in a folder of this machine, or in one that machines share. */
export function openArtefactFolder(folder: string): ArtefactStore {
  let damaged = 0;
  const pathOf = (part: ArtefactPart, name: string): string => {
    if (!isHash(name)) throw new QschedError('failure', `"${name}" is not a sha256.`);
    return pathIn(folder, part, name);
  };
  const discard = (path: string): undefined => {
    damaged += 1;
    rmSync(path, { force: true });
    return undefined;
  };
  return {
    put(bytes) {
      const hash = sha256(bytes);
      writeWhole(pathOf('objects', hash), bytes, folder);
      return hash;
    },
    get(hash) {
      const path = pathOf('objects', hash);
      const bytes = read(path);
      if (bytes === undefined) return undefined;
      return sha256(bytes) === hash ? bytes : discard(path);
    },
    bind(key, hash) {
      if (!isHash(hash)) throw new QschedError('failure', `"${hash}" is not a sha256.`);
      writeWhole(pathOf('keys', key), Buffer.from(hash), folder);
    },
    find(key) {
      const path = pathOf('keys', key);
      const hash = read(path)?.toString('latin1');
      if (hash === undefined) return undefined;
      return isHash(hash) ? hash : discard(path);
    },
    damaged: () => damaged,
  };
}

function read(path: string): Buffer | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = readFileSync(file);
      markUsed(file);
      return bytes;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw new QschedError(
      'failure',
      `The artefact ${path} cannot be read: ${messageOf(error)}`,
      'Check the permissions of the artefact folder.',
    );
  }
}

/** Writes the time of use, at most once per hour. */
function markUsed(file: number): void {
  const now = Date.now();
  if (now - fstatSync(file).mtimeMs < HOUR) return;
  try {
    futimesSync(file, now / 1000, now / 1000);
  } catch {
    // A folder that may only be read keeps the times of whoever writes it.
  }
}

/** Writes all of it or nothing, whoever else writes at the same time, and whenever the process ends. */
function writeWhole(path: string, bytes: Uint8Array, folder: string): void {
  const temporary = `${path}.${randomUUID()}${TEMPORARY}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // If the folder cannot be written, removing may fail as well.
    }
    throw asFolderError(error, folder);
  }
}

function asFolderError(error: unknown, folder: string): QschedError {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new QschedError(
      'failure',
      `The disk that holds the artefact folder ${folder} is full (${code}).`,
      'Free some space, for example with: npx qsched clean --max-bytes 10G. What is stored is safe, and the same command continues.',
    );
  }
  return new QschedError(
    'failure',
    `The artefact folder ${folder} cannot be written: ${messageOf(error)}`,
    'Check its permissions, or choose another folder with QSCHED_ARTEFACTS.',
  );
}
