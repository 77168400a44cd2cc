/**
 * A Temporal CLI binary from the first place that has one: PATH, the cache, the official download, a build from source.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, QschedError } from '../contract/errors.js';
import { askVersion, isTooOld, MIN_SERVER } from './binary-version.js';
import { buildCli } from './build-cli.js';
import { cacheFolder } from '../artefacts/cache-folder.js';
import { cachedBinary, PINNED_CLI } from './cache-folder.js';
import { downloadCli } from './download-cli.js';
import { withFileLock } from './file-lock.js';

/** A binary that answered `--version`. */
export interface Executable {
  /** Path, or `temporal` if it is on PATH. */
  readonly path: string;
  readonly cliVersion: string;
  /** `unknown` if the binary does not print it. */
  readonly serverVersion: string;
  readonly source: 'path' | 'cache' | 'download' | 'build';
}

/** @internal */
export interface ExecutableOptions {
  /** Receives a sentence about what is being done, at least every 5 s while it takes long. */
  readonly onProgress: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Finds a binary without downloading or building one.
 *
 * @param onSkip called with a clause about a binary that runs but is too old
 * @returns null if neither PATH nor the cache has one that runs and is new enough
 */
export async function findExecutable(
  env: NodeJS.ProcessEnv = process.env,
  onSkip: (why: string) => void = () => {},
): Promise<Executable | null> {
  return (
    (await tryBinary('temporal', 'path', env, onSkip)) ?? (await tryBinary(cachedBinary(env), 'cache', env, onSkip))
  );
}

/**
 * Finds a binary, or downloads or builds one into the cache. Several processes may call this at once.
 *
 * @throws QschedError `failure` naming the three ways to get one
 */
export async function provideExecutable({ onProgress, env = process.env }: ExecutableOptions): Promise<Executable> {
  const skipped: string[] = [];
  const found = await findExecutable(env, (why) => skipped.push(why));
  for (const why of skipped) onProgress(`${why}; ${found === null ? 'getting' : 'using'} another one`);
  if (found !== null) return found;
  const folder = cacheFolder(env);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new QschedError(
      'failure',
      `The cache folder ${folder} cannot be created: ${messageOf(error)}.`,
      'Set QSCHED_CACHE to a writable folder, or put `temporal` on PATH.',
    );
  }
  return withFileLock(
    `${cachedBinary(env)}.lock`,
    async () =>
      (await tryBinary(cachedBinary(env), 'cache', env)) ?? (await fetchOrBuild(folder, skipped, onProgress, env)),
    (pid, seconds) => onProgress(`waiting for process ${pid}, which is getting the Temporal server, ${seconds} s`),
  );
}

async function fetchOrBuild(
  folder: string,
  skipped: readonly string[],
  onProgress: (line: string) => void,
  env: NodeJS.ProcessEnv,
): Promise<Executable> {
  const reasons = [...skipped];
  for (const left of readdirSync(folder).filter((name) => name.startsWith('.work-'))) {
    rmSync(join(folder, left), { recursive: true, force: true });
  }
  const work = mkdtempSync(join(folder, '.work-')); // on the cache's own file system: a rename is atomic
  try {
    onProgress(`downloading the Temporal CLI ${PINNED_CLI} from temporal.download`);
    try {
      return await keep(await downloadCli(PINNED_CLI, work, onProgress), 'download', env);
    } catch (error) {
      reasons.push(`download: ${messageOf(error)}`);
      onProgress(`the download failed (${messageOf(error)}); building the Temporal server from source instead`);
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
    'Put a current Temporal CLI on PATH (https://docs.temporal.io/cli), or install Go 1.25 or newer, or set TEMPORAL_ADDRESS to a running server.',
  );
}

/** Moves a new binary to its place in the cache, once it has answered. */
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
  onSkip: (why: string) => void = () => {},
): Promise<Executable | null> {
  const version = await askVersion(path, env);
  if (version === null) return null;
  if (!isTooOld(version)) return { path, cliVersion: version.cli, serverVersion: version.server, source };
  const where = source === 'path' ? '`temporal` on PATH' : path;
  onSkip(`${where} is too old: it contains server ${version.server}, and ${MIN_SERVER} or newer is needed`);
  return null;
}
