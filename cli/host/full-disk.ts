/**
 * Whether a silent server or a worker that cannot write has a full disk under it.
 */
import { statfsSync } from 'node:fs';
import { dataFolderPath } from '../../temporal/data-folder.js';

/** Below this many bytes neither SQLite nor the server can continue. */
const MIN_BYTES = 1_000_000;

/** Space of a file system, as `statfs` says it. */
export interface DiskSpace {
  /** Blocks in all; 0 where the file system does not say. */
  readonly blocks: number;
  /** Blocks that are free for us. */
  readonly bavail: number;
  /** Bytes a block. */
  readonly bsize: number;
}

/** @returns a clause for the reader, or null where there is room, or nobody knows */
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
