/**
 * Model servers that this process starts, keeps alive, and stops.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { QschedError } from '../../contract/errors.js';
import type { ServerDescription } from '../../contract/model-server.js';
import { connectServer } from './server-client.js';
import type { ServerPlace } from './served-folder.js';

/** Variable and placeholder that tell a server where to listen. */
export const ADDRESS_VARIABLE = 'QSCHED_SERVER_ADDRESS';
const PLACEHOLDER = '{address}';
const LAST_LINES = 12;
const POLL_MILLISECONDS = 250;
/** Who waits for it is told this often. */
const TELL_MILLISECONDS = 20_000;
const RESTART_MILLISECONDS = 1000;
const STOP_MILLISECONDS = 10_000;
/** One that ends this often in a row without having been ready will not do better the next time. */
const MAX_FALSE_STARTS = 3;

/** A server that answers. */
export interface StartedServer {
  readonly address: string;
  readonly description: ServerDescription;
  stop(): Promise<void>;
}

/**
 * Starts the command of a model folder and waits until it describes itself. One that dies later is started again at the
 * same address.
 *
 * @param say receives what a person should know, and the server's own last lines if it does not become ready
 * @throws QschedError (failure, final) if it ends, or is not ready in time, with its last lines
 */
export async function startServer(
  folder: string,
  { command, readySeconds, timeoutSeconds }: ServerPlace & { readonly command: readonly string[] },
  say: (line: string) => void,
): Promise<StartedServer> {
  const model = basename(folder);
  const { address, remove } = await freeAddress();
  const last: string[] = [];
  let child: ChildProcess | undefined;
  let ended: string | undefined;
  let stopping = false;
  let ready = false;
  let falseStarts = 0;

  const launch = (): void => {
    const [program, ...args] = command.map((part) => part.replaceAll(PLACEHOLDER, address));
    ended = undefined;
    const own = spawn(program!, args, {
      cwd: folder,
      env: { ...process.env, [ADDRESS_VARIABLE]: address },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    child = own;
    for (const stream of [own.stdout, own.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        last.push(line);
        if (last.length > LAST_LINES) last.shift();
      });
    }
    own.once('error', (error) => {
      ended = `cannot be started: ${error.message}`;
    });
    own.once('close', (code, signal) => {
      ended ??= `ended (${signal ?? `code ${code}`})`;
      if (stopping || !ready) return;
      falseStarts += 1;
      if (falseStarts > MAX_FALSE_STARTS) {
        say(`the server of ${model} keeps ending (${signal ?? `code ${code}`}); it is not started again`);
        return;
      }
      say(`the server of ${model} ended (${signal ?? `code ${code}`}); starting it again`);
      setTimeout(() => {
        if (!stopping) launch();
      }, RESTART_MILLISECONDS);
    });
  };

  const stop = async (): Promise<void> => {
    stopping = true;
    const own = child;
    if (own !== undefined && own.exitCode === null && own.signalCode === null && own.pid !== undefined) {
      const force = setTimeout(() => own.kill('SIGKILL'), STOP_MILLISECONDS);
      const gone = new Promise((done) => own.once('close', done));
      own.kill('SIGTERM');
      await gone;
      clearTimeout(force);
    }
    process.removeListener('exit', kill);
    remove();
  };
  const kill = (): void => {
    child?.kill('SIGKILL');
  };
  process.once('exit', kill);

  const trouble = async (what: string): Promise<QschedError> => {
    await stop();
    const lines =
      last.length === 0 ? ' It said nothing.' : ` Its last lines:\n${last.map((line) => `  ${line}`).join('\n')}`;
    return new QschedError(
      'failure',
      `The server of the model "${model}" ${what}.${lines}`,
      `Try it by hand, in ${folder}: ${ADDRESS_VARIABLE}=http://127.0.0.1:7861 ${command.join(' ')}`,
      true,
    );
  };

  launch();
  say(`starting the server of ${model}: ${command.join(' ')}`);
  const client = connectServer({ model, address, timeoutSeconds, retries: 0 });
  const begin = performance.now();
  const waiting = setInterval(() => {
    say(`waiting for the server of ${model}${last.length === 0 ? '' : `: ${last.at(-1)!}`}`);
  }, TELL_MILLISECONDS);
  try {
    for (;;) {
      const found = await client.describe().catch((error: unknown) => {
        if (error instanceof QschedError && error.final) throw error;
        return undefined;
      });
      if (found !== undefined) {
        ready = true;
        return { address, description: found, stop };
      }
      if (ended !== undefined) throw await trouble(ended);
      if (performance.now() - begin > readySeconds * 1000)
        throw await trouble(`was not ready within ${readySeconds} s`);
      await sleep(POLL_MILLISECONDS);
    }
  } catch (error) {
    if (!stopping) await stop();
    throw error;
  } finally {
    clearInterval(waiting);
    client.close();
  }
}

/** A Unix socket in a folder that only this user enters; on Windows, a free port. */
async function freeAddress(): Promise<{ readonly address: string; remove(): void }> {
  if (process.platform !== 'win32') {
    const folder = mkdtempSync(join(tmpdir(), 'qsched-server-'));
    return {
      address: `unix:${join(folder, 'socket')}`,
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  }
  const port = await new Promise<number>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port: found } = probe.address() as { port: number };
      probe.close(() => resolve(found));
    });
  });
  return { address: `http://127.0.0.1:${port}`, remove: () => undefined };
}
