/**
 * Whether the disk is full: the reason why a server does not answer, or a worker cannot write.
 */
import { statfsSync } from 'node:fs';
import { dataFolderPath } from '../../temporal/data-folder.js';

/** Below this many bytes neither SQLite nor the server can continue. */
const MIN_BYTES = 1_000_000;

/** Space of a file system, as returned by `statfs`. */
export interface DiskSpace {
  /** Total number of blocks; 0 if the file system does not report it. */
  readonly blocks: number;
  /** Free blocks for unprivileged users. */
  readonly bavail: number;
  /** Bytes per block. */
  readonly bsize: number;
}

/** @returns a clause for a message, or null if there is space, or it is unknown */
export function fullDisk(
  folder: string = dataFolderPath(),
  spaceOf: (path: string) => DiskSpace = statfsSync,
): string | null {
  try {
    const { blocks, bavail, bsize } = spaceOf(folder);
    return blocks > 0 && bavail * bsize < MIN_BYTES ? `the disk that holds ${folder} is full` : null;
  } catch {
    return null;
  }
}
