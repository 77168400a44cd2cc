/**
 * A model server that this process starts, keeps alive, and stops.
 */
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QschedError } from '../../contract/errors.js';
import type { ServerDescription } from '../../contract/model-server.js';
import { freeAddress } from './free-address.js';
import { connectServer } from './server-client.js';
import { ADDRESS_VARIABLE, startProgram, type ServerProgram } from './server-program.js';
import { SERVER_FILE, type ServerPlace } from './served-folder.js';

const POLL_MILLISECONDS = 250;
/** Who waits for it is told this often. */
const TELL_MILLISECONDS = 20_000;
const RESTART_MILLISECONDS = 1000;

/** A server that answers. */
export interface StartedServer {
  readonly address: string;
  readonly description: ServerDescription;
  /** Rejects if it died, and does not become ready again. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

/** The command of a model folder. */
type Command = ServerPlace & { readonly command: readonly string[] };

/**
 * Starts the command of a model folder and waits until it describes itself. One that dies later is started again at the
 * same address.
 *
 * @param say receives what a person should know
 * @throws QschedError (failure, final) if it ends, or is not ready in time, with its last lines
 */
export async function startServer(folder: string, place: Command, say: (line: string) => void): Promise<StartedServer> {
  const model = basename(folder);
  const free = await freeAddress();
  const { address } = free;
  let stopping = false;
  let program: ServerProgram | undefined;

  /** Starts it, and waits until it answers. */
  const launch = (): Promise<ServerDescription> => {
    free.clear();
    program = startProgram(place.command, folder, address);
    return untilReady(program, { folder, address, place, say });
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    await program?.stop();
    free.remove();
  };
  /** Ends when the server is stopped, or does not become ready again. */
  const keepAlive = async (): Promise<void> => {
    for (;;) {
      const { how } = await program!.ended;
      if (stopping) return;
      say(`the server of ${model} ${how}; starting it again`);
      await sleep(RESTART_MILLISECONDS);
      if (stopping) return;
      await launch();
    }
  };
  try {
    say(`starting the server of ${model}: ${place.command.join(' ')}`);
    const description = await launch();
    const broken = keepAlive().then(() => new Promise<never>(() => undefined));
    broken.catch(() => undefined);
    return { address, description, broken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Waiting {
  readonly folder: string;
  readonly address: string;
  readonly place: Command;
  readonly say: (line: string) => void;
}

/** @throws QschedError (failure, final) if it ends before it answers, takes too long, or answers with something else */
async function untilReady(
  program: ServerProgram,
  { folder, address, place, say }: Waiting,
): Promise<ServerDescription> {
  const model = basename(folder);
  const { last } = program;
  const client = connectServer({ model, address, timeoutSeconds: place.timeoutSeconds, retries: 0 });
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
      if (found !== undefined) return found;
      const ending = program.ending();
      const late = performance.now() - begin > place.readySeconds * 1000;
      if (ending?.ran === false) throw absent(folder, ending.how);
      if (ending !== undefined) throw trouble(folder, place, ending.how, last);
      if (late) throw trouble(folder, place, `was not ready within ${place.readySeconds} s`, last);
      await sleep(POLL_MILLISECONDS);
    }
  } finally {
    clearInterval(waiting);
    client.close();
  }
}

const absent = (folder: string, how: string): QschedError =>
  new QschedError(
    'usage',
    `The server of the model "${basename(folder)}" ${how}.`,
    `Correct "command" in ${join(folder, SERVER_FILE)}, or install the program (docs/model-servers.md).`,
    true,
  );

function trouble(folder: string, { command }: Command, what: string, last: readonly string[]): QschedError {
  const said =
    last.length === 0 ? ' It said nothing.' : ` Its last lines:\n${last.map((line) => `  ${line}`).join('\n')}`;
  return new QschedError(
    'failure',
    `The server of the model "${basename(folder)}" ${what}.${said}`,
    `Try it by hand, in ${folder}: ${ADDRESS_VARIABLE}=http://127.0.0.1:7861 ${command.join(' ')}`,
    true,
  );
}
