/**
 * The Temporal binary that is kept between runs, in the user's cache folder.
 */
import { join } from 'node:path';
import { cacheFolder } from '../artefacts/cache-folder.js';

/** Version of the Temporal CLI that is downloaded or built; temporal/go.mod pins the same. */
export const PINNED_CLI = '1.5.1';

/** The file in the cache folder that is the pinned binary. */
export function cachedBinary(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), `temporal-${PINNED_CLI}${process.platform === 'win32' ? '.exe' : ''}`);
}
