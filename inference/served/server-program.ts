/**
 * One run of a model server's program, with the last lines of what it says.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Variable and placeholder that tell a server where to listen. */
export const ADDRESS_VARIABLE = 'QSCHED_SERVER_ADDRESS';
const PLACEHOLDER = '{address}';
const LAST_LINES = 12;
const STOP_MILLISECONDS = 10_000;

/** A program that was started. */
export interface ServerProgram {
  /** Its last lines, the latest last. */
  readonly last: readonly string[];
  /** Resolves when it has ended, with how: "ended (code 1)". */
  readonly ended: Promise<string>;
  /** How it ended; undefined while it runs. */
  how(): string | undefined;
  /** SIGTERM, and SIGKILL ten seconds later. */
  stop(): Promise<void>;
}

/** Starts a program without a shell. It ends with this process. @param folder where it runs */
export function startProgram(command: readonly string[], folder: string, address: string): ServerProgram {
  const [program, ...args] = command.map((part) => part.replaceAll(PLACEHOLDER, address));
  const child = spawn(program!, args, {
    cwd: folder,
    env: { ...process.env, [ADDRESS_VARIABLE]: address },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    });
  }
  let how: string | undefined;
  const ended = new Promise<string>((done) => {
    const end = (text: string): void => {
      process.removeListener('exit', kill);
      how ??= text;
      done(how);
    };
    child.once('error', (error) => end(`cannot be started: ${error.message}`));
    child.once('close', (code, signal) => end(`ended (${signal ?? `code ${code}`})`));
  });
  return {
    last,
    ended,
    how: () => how,
    async stop() {
      if (how !== undefined) return;
      const force = setTimeout(kill, STOP_MILLISECONDS);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(force);
    },
  };
}
