/**
 * Starts the live page on a thread of its own, and starts it again at the same port if that thread ends.
 */
import { messageOf, QschedError } from '../contract/errors.js';
import { startThread, type ThreadClient } from '../threads/thread-client.js';
import type { LiveJobs, LiveThreadData } from './live-messages.js';
import { liveAddress, readLiveRecord, writeLiveRecord } from './live-record.js';

/** Where pages are looked for first. */
export const LIVE_PORT = 8234;
const MAX_STARTS = 5;

/** What to serve, and how. */
export interface LiveOptions extends LiveThreadData {
  /** The data folder, which remembers the port. */
  readonly folder: string;
  /** This port or none; undefined: the remembered one, {@link LIVE_PORT}, or any free one. */
  readonly port?: number | undefined;
  readonly say: (line: string) => void;
}

/** A page that is served. */
export interface Live {
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * Serves the live page from now on. The database must exist.
 *
 * @throws QschedError (usage) if `options.port` is taken; (failure) if no port can be used
 */
export async function startLive({ folder, port: only, say, ...data }: LiveOptions): Promise<Live> {
  const remembered = readLiveRecord(folder)?.port;
  const wanted = only === undefined ? [...(remembered === undefined ? [] : [remembered]), LIVE_PORT, 0] : [only];
  let thread: ThreadClient<LiveJobs>;
  let stopping = false;

  async function start(ports: readonly number[]): Promise<number> {
    thread = startThread<LiveJobs>(new URL('./live-thread.js', import.meta.url), data, 'live');
    try {
      return await thread.submit('listen', { ports });
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  async function keep(starts: number): Promise<void> {
    try {
      await thread.submit('serve', null);
    } catch (error) {
      if (stopping) return;
      if (starts === MAX_STARTS) throw error;
      say(`the live page ended unexpectedly (${messageOf(error)}); starting it again`);
      await start([port]);
      await keep(starts + 1);
    }
  }

  const port = await start(wanted).catch((error: unknown) => {
    if (only === undefined) throw new QschedError('failure', `The live page cannot start: ${reasonOf(error)}.`, OFF);
    throw new QschedError(
      'usage',
      `--live-port ${only} cannot be used: ${reasonOf(error)}.`,
      'Stop the program that uses it, choose another port, or leave the flag out.',
    );
  });
  const [first] = wanted;
  if (port !== first) say(`port ${first} is taken; the live page is at ${liveAddress(port)}`);
  writeLiveRecord(folder, { pid: process.pid, port, serving: true });
  void keep(1).catch((error: unknown) => {
    say(`the live page has ended: ${messageOf(error)}`);
    writeLiveRecord(folder, { pid: process.pid, port, serving: false });
  });
  return {
    address: liveAddress(port),
    async stop() {
      stopping = true;
      await thread.close();
      writeLiveRecord(folder, { pid: process.pid, port, serving: false });
    },
  };
}

function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (message.includes('EADDRINUSE')) return 'another program uses it';
  return message.includes('EACCES') ? 'this user may not use it' : message;
}

const OFF = 'To do without it: --no-live.';
