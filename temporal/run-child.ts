/**
 * Runs a program that may take minutes, and reports while it runs.
 */
import { spawn } from 'node:child_process';

/** Progress is reported at least this often. */
export const TELL_EVERY_MS = 5_000;

const LAST_CHARACTERS = 2_000;

/** @internal */
export interface ChildOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called every 5 s with the seconds since the start, a whole number. */
  readonly onTick?: (seconds: number) => void;
}

/**
 * Runs a program until it ends.
 *
 * @returns its exit code (null if it could not be started, or a signal ended it) and the last part of its output
 */
export async function runChild(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<{ code: number | null; output: string }> {
  const start = Date.now();
  let output = '';
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-LAST_CHARACTERS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ticks = setInterval(() => options.onTick?.(Math.round((Date.now() - start) / 1000)), TELL_EVERY_MS);
  const kill = (): void => {
    child.kill();
  };
  process.once('exit', kill);
  try {
    return await new Promise((done) => {
      child.once('error', (error) => done({ code: null, output: error.message }));
      child.once('close', (code) => done({ code, output: output.trim() }));
    });
  } finally {
    clearInterval(ticks);
    process.removeListener('exit', kill);
  }
}
