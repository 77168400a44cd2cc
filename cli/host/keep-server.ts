/**
 * Keeps the Temporal server of the data folder up while this process serves it.
 */
import { QschedError } from '../../contract/errors.js';
import { isAlive } from '../../temporal/process-alive.js';
import { type RunningServer, startServer } from '../../temporal/server.js';
import { readServerRecord } from '../../temporal/server-record.js';

const LOOK_MILLISECONDS = 500;
const MAX_STARTS = 5;
const PAUSE_MILLISECONDS = 2000;

/** What to watch. */
export interface KeepOptions {
  readonly folder: string;
  /** host:port that the workers of this process are connected to. */
  readonly address: string;
  /** The server that this process must stop; null if another living process started it. */
  readonly server: RunningServer | null;
  readonly say: (line: string) => void;
}

/** A watched server. */
export interface KeptServer {
  /** Rejects if the server cannot be started again. */
  readonly broken: Promise<never>;
  /** Stops watching, and stops the server if this process started it. */
  stop(): Promise<void>;
}

/** If the server ends unexpectedly, starts it again at the same address with the same data. */
export function keepServer({ folder, address, server, say }: KeepOptions): KeptServer {
  let mine = server;
  let pid = server?.pid ?? readServerRecord(folder)?.pid ?? 0;
  let starting: Promise<void> | null = null;
  let stopping = false;
  let fail: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  broken.catch(() => undefined);
  const timer = setInterval(() => {
    if (stopping || starting !== null || isAlive(pid)) return;
    starting = again()
      .catch(fail)
      .finally(() => {
        starting = null;
      });
  }, LOOK_MILLISECONDS);
  timer.unref();

  async function again(): Promise<void> {
    say('the Temporal server ended unexpectedly; starting it again with the same data');
    for (let attempt = 1; !stopping; attempt += 1) {
      try {
        const next = await startServer({ dataFolder: folder, onProgress: say, address });
        [mine, pid] = [next.startedHere ? next : null, next.pid];
        if (next.address !== address) {
          throw new QschedError(
            'failure',
            `The Temporal server could not start again at ${address}: another program uses the port.`,
            'Everything scored so far is stored; continue with `npx qsched resume`.',
          );
        }
        return;
      } catch (error) {
        if (attempt === MAX_STARTS || (pid !== 0 && isAlive(pid))) {
          clearInterval(timer);
          throw error;
        }
        await new Promise((done) => {
          setTimeout(done, PAUSE_MILLISECONDS);
        });
      }
    }
  }

  return {
    broken,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await starting;
      await mine?.stop();
    },
  };
}
