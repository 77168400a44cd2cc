/**
 * A Temporal CLI binary, from the nearest place that has one: PATH, the cache, the official download, a build from source.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';
import { askVersion } from './binary-version.js';
import { buildCli } from './build-cli.js';
import { cachedBinary, cacheFolder, PINNED_CLI } from './cache-folder.js';
import { downloadCli } from './download-cli.js';
import { withFileLock } from './file-lock.js';

/** A binary that answered `--version`. */
export interface Executable {
  /** Path, or `temporal` where PATH has it. */
  readonly path: string;
  readonly cliVersion: string;
  /** `unknown` where the binary does not say. */
  readonly serverVersion: string;
  readonly source: 'path' | 'cache' | 'download' | 'build';
}

/** @internal */
export interface ExecutableOptions {
  /** Told in whole sentences what is being done; at least every 5 s while it takes long. */
  readonly onProgress: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Finds a binary without fetching or building one.
 *
 * @returns null where neither PATH nor the cache has one that runs
 */
export async function findExecutable(env: NodeJS.ProcessEnv = process.env): Promise<Executable | null> {
  return (await tryBinary('temporal', 'path', env)) ?? (await tryBinary(cachedBinary(env), 'cache', env));
}

/**
 * Finds a binary, or gets one into the cache; safe when several processes do so at once.
 *
 * @throws QschedError `failure` with the three ways to get one
 */
export async function provideExecutable({ onProgress, env = process.env }: ExecutableOptions): Promise<Executable> {
  const found = await findExecutable(env);
  if (found !== null) return found;
  const folder = cacheFolder(env);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new QschedError(
      'failure',
      `The cache folder ${folder} cannot be made: ${messageOf(error)}.`,
      'Set QSCHED_CACHE to a folder that you can write, or put `temporal` on PATH.',
    );
  }
  return withFileLock(
    `${cachedBinary(env)}.lock`,
    async () => (await tryBinary(cachedBinary(env), 'cache', env)) ?? (await fetchOrBuild(folder, onProgress, env)),
    (pid, seconds) => onProgress(`waiting for process ${pid}, which is getting the Temporal server, ${seconds} s`),
  );
}

async function fetchOrBuild(
  folder: string,
  onProgress: (line: string) => void,
  env: NodeJS.ProcessEnv,
): Promise<Executable> {
  const reasons: string[] = [];
  for (const left of readdirSync(folder).filter((name) => name.startsWith('.work-'))) {
    rmSync(join(folder, left), { recursive: true, force: true });
  }
  const work = mkdtempSync(join(folder, '.work-')); // on the cache's own file system: a rename is atomic
  try {
    onProgress(`looking for the Temporal CLI ${PINNED_CLI} at temporal.download`);
    try {
      return await keep(await downloadCli(PINNED_CLI, work, onProgress), 'download', env);
    } catch (error) {
      reasons.push(`download: ${messageOf(error)}`);
      onProgress(`no download (${messageOf(error)}); building the Temporal server from source instead`);
    }
    try {
      const output = join(work, 'built');
      await buildCli(PINNED_CLI, output, onProgress, env);
      return await keep(output, 'build', env);
    } catch (error) {
      reasons.push(`build: ${messageOf(error)}`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  throw new QschedError(
    'failure',
    `No Temporal server could be found, downloaded or built (${reasons.join('; ')}).`,
    'Put the Temporal CLI on PATH (https://docs.temporal.io/cli), or install Go 1.25 or newer, or set TEMPORAL_ADDRESS to a server that runs.',
  );
}

/** Moves a fresh binary to its place in the cache, once it has answered. */
async function keep(path: string, source: Executable['source'], env: NodeJS.ProcessEnv): Promise<Executable> {
  chmodSync(path, 0o755);
  const version = await askVersion(path, env);
  if (version === null) throw new Error('the binary does not run here');
  renameSync(path, cachedBinary(env));
  return { path: cachedBinary(env), cliVersion: version.cli, serverVersion: version.server, source };
}

async function tryBinary(
  path: string,
  source: Executable['source'],
  env: NodeJS.ProcessEnv,
): Promise<Executable | null> {
  const version = await askVersion(path, env);
  return version === null ? null : { path, cliVersion: version.cli, serverVersion: version.server, source };
}
