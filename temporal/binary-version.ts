/**
 * What a Temporal CLI binary says about itself.
 */
import { execFile } from 'node:child_process';

/** Versions as `temporal --version` prints them; `unknown` where a binary does not say. */
export interface BinaryVersion {
  readonly cli: string;
  readonly server: string;
}

const ANSWER_WITHIN_MS = 20_000;

/**
 * Reads `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`.
 *
 * @param text the output of `temporal --version`
 * @returns null where this is no Temporal CLI
 */
export function parseVersion(text: string): BinaryVersion | null {
  const cli = /\btemporal version v?([^\s,()]+)/i.exec(text)?.[1];
  if (cli === undefined) return null;
  return { cli, server: /\bserver v?(\d[^\s,()]*)/i.exec(text)?.[1] ?? 'unknown' };
}

/**
 * Runs `<path> --version`.
 *
 * @param path a file, or a name to be looked up on PATH
 * @returns null where it does not run, or is no Temporal CLI
 */
export async function askVersion(path: string, env: NodeJS.ProcessEnv = process.env): Promise<BinaryVersion | null> {
  return new Promise((answer) => {
    execFile(path, ['--version'], { timeout: ANSWER_WITHIN_MS, env, windowsHide: true }, (error, stdout) => {
      answer(error === null ? parseVersion(stdout) : null);
    });
  });
}
