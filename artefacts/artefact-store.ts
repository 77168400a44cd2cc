/**
 * Where images, terms and features are kept, by the hash of their content, and found again by a key
 * of what made them. Content is never changed: several processes may use one folder at once.
 *
 *   objects/ab/<sha256>   the bytes
 *   keys/ab/<key>         the hash that the key stands for
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';

/** Content by hash, and keys that stand for it. */
export interface ArtefactStore {
  /**
   * Keeps bytes.
   *
   * @returns their sha256, hex
   * @throws QschedError (failure) where they cannot be written: trying again may help
   */
  put(bytes: Uint8Array): string;
  /** The bytes of a hash; undefined where they are absent, or were damaged: then they are removed and counted. */
  get(hash: string): Uint8Array | undefined;
  /** Lets a key stand for a hash, from now on. @param key 64 hex digits */
  bind(key: string, hash: string): void;
  /** What a key stands for; undefined where nothing was bound, or the binding is damaged. */
  find(key: string): string | undefined;
  /** Objects and bindings that were damaged, since this store was opened. */
  damaged(): number;
}

const HASH = /^[0-9a-f]{64}$/;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A store in a folder of this machine, or of one that machines share. */
export function openArtefactFolder(folder: string): ArtefactStore {
  let damaged = 0;
  const pathOf = (kind: 'objects' | 'keys', name: string): string => {
    if (!HASH.test(name)) throw new QschedError('failure', `"${name}" is not a sha256.`);
    return join(folder, kind, name.slice(0, 2), name);
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
      if (!HASH.test(hash)) throw new QschedError('failure', `"${hash}" is not a sha256.`);
      writeWhole(pathOf('keys', key), Buffer.from(hash), folder);
    },
    find(key) {
      const path = pathOf('keys', key);
      const hash = read(path)?.toString('latin1');
      if (hash === undefined) return undefined;
      return HASH.test(hash) ? hash : discard(path);
    },
    damaged: () => damaged,
  };
}

function read(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw new QschedError(
      'failure',
      `The artefact ${path} cannot be read: ${messageOf(error)}`,
      'Check the permissions of the artefact folder.',
    );
  }
}

/** All of it or nothing, whoever writes at the same time, and whenever the process ends. */
function writeWhole(path: string, bytes: Uint8Array, folder: string): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // what cannot be written can perhaps not be removed either
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
      'Free some space: what is stored is safe, and the same command continues.',
    );
  }
  return new QschedError(
    'failure',
    `The artefact folder ${folder} cannot be written: ${messageOf(error)}`,
    'Check its permissions, or choose another with QSCHED_ARTEFACTS.',
  );
}
