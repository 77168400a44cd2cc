/**
 * Where the Temporal binary is kept between runs: one folder per user, outside any project.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Version of the Temporal CLI that is downloaded or built; temporal/go.mod pins the same. */
export const PINNED_CLI = '1.5.1';

/** `QSCHED_CACHE`, or `qsched` in `XDG_CACHE_HOME`, or `~/.cache/qsched`. The folder may not exist yet. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['QSCHED_CACHE']) return resolve(env['QSCHED_CACHE']);
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'qsched');
}

/** The file in the cache folder that is the pinned binary. */
export function cachedBinary(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), `temporal-${PINNED_CLI}${process.platform === 'win32' ? '.exe' : ''}`);
}
