/**
 * What a Temporal CLI binary says about itself.
 */
import { execFile } from 'node:child_process';

/** Versions as `temporal --version` prints them; `unknown` if it does not print one. */
export interface BinaryVersion {
  readonly cli: string;
  readonly server: string;
}

const ANSWER_WITHIN_MS = 20_000;

/** The first server whose development command takes every `--sqlite-pragma` (Temporal CLI 1.1.1, October 2024). */
export const MIN_SERVER = '1.25.1';

/**
 * Reads `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`.
 *
 * @param text the output of `temporal --version`
 * @returns null if this is not a Temporal CLI
 */
export function parseVersion(text: string): BinaryVersion | null {
  const cli = /\btemporal version v?([^\s,()]+)/i.exec(text)?.[1];
  if (cli === undefined) return null;
  return { cli, server: /\bserver v?(\d[^\s,()]*)/i.exec(text)?.[1] ?? 'unknown' };
}

/**
 * Runs `<path> --version`.
 *
 * @param path a file, or a name to look up on PATH
 * @returns null if it does not run, or is not a Temporal CLI
 */
export async function askVersion(path: string, env: NodeJS.ProcessEnv = process.env): Promise<BinaryVersion | null> {
  return new Promise((answer) => {
    execFile(path, ['--version'], { timeout: ANSWER_WITHIN_MS, env, windowsHide: true }, (error, stdout) => {
      answer(error === null ? parseVersion(stdout) : null);
    });
  });
}

/** Whether the server in a binary is older than {@link MIN_SERVER}. One of unknown version is not: it may be newer. */
export function isTooOld({ server }: BinaryVersion): boolean {
  const [version, least] = [server, MIN_SERVER].map((text) => text.split(/[.-]/, 3).map(Number));
  if (version!.some(Number.isNaN)) return false;
  const differing = least!.findIndex((part, i) => part !== version![i]);
  return differing !== -1 && (version![differing] ?? 0) < least![differing]!;
}
