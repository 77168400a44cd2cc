/**
 * Where is kept what every project of a user can use again: the Temporal binary, hashes of large model files.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** `QSCHED_CACHE`, or `qsched` in `XDG_CACHE_HOME`, or `~/.cache/qsched`. The folder may not exist yet. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['QSCHED_CACHE']) return resolve(env['QSCHED_CACHE']);
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'qsched');
}
