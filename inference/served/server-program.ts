/**
 * One run of a model server's program, with the last lines of what it says.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Variable and placeholder that tell a server where to listen. */
export const ADDRESS_VARIABLE = 'QSCHED_SERVER_ADDRESS';
const PLACEHOLDER = '{address}';
const LAST_LINES = 12;
const LAST_LINES_MILLISECONDS = 1000;
const STOP_MILLISECONDS = 10_000;

/** How a program ended. */
interface Ending {
  /** A predicate for a sentence: "ended (code 1)". */
  readonly how: string;
  /** False if there is no such program. */
  readonly ran: boolean;
}

/** A program that was started. */
export interface ServerProgram {
  /** Its last lines, the latest last. */
  readonly last: readonly string[];
  readonly ended: Promise<Ending>;
  /** Undefined while it runs. */
  ending(): Ending | undefined;
  /** SIGTERM, and SIGKILL ten seconds later. */
  stop(): Promise<void>;
}

/**
 * Starts a program without a shell. It is stopped with what it started itself; its standard input is closed when this
 * process ends, however it ends.
 *
 * @param folder where it runs
 */
export function startProgram(command: readonly string[], folder: string, address: string): ServerProgram {
  const [program, ...args] = command.map((part) => part.replaceAll(PLACEHOLDER, address));
  const child = spawn(program!, args, {
    cwd: folder,
    env: { ...process.env, [ADDRESS_VARIABLE]: address },
    stdio: 'pipe',
    // A group of its own: a script that starts a server is stopped with the server.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  child.stdin.on('error', () => undefined);
  const signal = (name: 'SIGTERM' | 'SIGKILL'): void => {
    try {
      if (process.platform === 'win32' || child.pid === undefined) child.kill(name);
      else process.kill(-child.pid, name);
    } catch {
      // The group has ended.
    }
  };
  const kill = (): void => signal('SIGKILL');
  process.once('exit', kill);
  const last: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    });
  }
  let ending: Ending | undefined;
  const ended = new Promise<Ending>((done) => {
    const end = (found: Ending): void => {
      process.removeListener('exit', kill);
      ending ??= found;
      done(ending);
    };
    child.once('error', (error) => end({ how: `cannot be started: ${reasonOf(error, program!)}`, ran: false }));
    child.once('exit', (code, by) => {
      const last = (): void => end({ how: `ended (${by ?? `code ${code}`})`, ran: true });
      // Its last lines may come later; what it has started may hold its output open for ever.
      const late = setTimeout(last, LAST_LINES_MILLISECONDS);
      child.once('close', () => {
        clearTimeout(late);
        last();
      });
    });
  });
  return {
    last,
    ended,
    ending: () => ending,
    async stop() {
      if (ending !== undefined) return;
      const force = setTimeout(kill, STOP_MILLISECONDS);
      signal('SIGTERM');
      await ended;
      clearTimeout(force);
    },
  };
}

function reasonOf(error: Error, program: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `there is no program "${program}"`;
  return code === 'EACCES' ? `"${program}" may not be executed` : error.message;
}
