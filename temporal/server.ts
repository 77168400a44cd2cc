/**
 * Our own Temporal server on the loopback interface, with all its data in the data folder.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { QschedError } from '../contract/errors.js';
import { adoptProcess } from './adopt-process.js';
import { provideExecutable, type Executable } from './executable.js';
import { withFileLock } from './file-lock.js';
import { answers, openConnection } from './open-connection.js';
import { accepts, freePort, LOOPBACK } from './ports.js';
import { commandLine, isAlive } from './process-alive.js';
import { ensureSearchAttributes } from './search-attributes.js';
import { launch, type Launched } from './server-process.js';
import { readServerRecord, removeServerRecord, type ServerRecord, writeServerRecord } from './server-record.js';

/** The namespace that a development server always has. */
export const OWN_NAMESPACE = 'default';

const USUAL_PORT = 7233;
const USUAL_UI_PORT = 8233;
const READY_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 5_000;
const TELL_EVERY_MS = 5_000;
/** Another program may take a port between our check and the server's start. */
const MAX_TRIES = 3;

/** A server that serves the data folder. */
export interface RunningServer {
  /** host:port, for clients and workers */
  readonly address: string;
  readonly uiUrl: string;
  readonly namespace: string;
  readonly pid: number;
  /** It serves our data folder, unlike a server that TEMPORAL_ADDRESS names. */
  readonly ours: true;
  /** Whether this call started it, or took it over from a process that has died; false if it was found running. */
  readonly startedHere: boolean;
  /** Ends the server and waits until it has ended. Does nothing if another running process started it. */
  stop(): Promise<void>;
  /** Calls the listener if a server started here ends without `stop()`. */
  onExit(listener: (how: string) => void): void;
}

/** @internal */
export interface StartOptions {
  readonly dataFolder: string;
  readonly onProgress: (line: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  /** Address at which workers expect it; preferred to the address in `server.json`. */
  readonly address?: string;
}

/**
 * The server that serves the data folder, if its process runs and answers.
 *
 * @returns null if there is none; a stale `server.json` is left for the next start to replace
 */
export async function findRunningServer(dataFolder: string): Promise<RunningServer | null> {
  const record = readServerRecord(dataFolder);
  return record !== null && (await isRunning(record)) ? found(record) : null;
}

/**
 * Finds or starts the server of a data folder. If two processes call this at once, one of them starts it. A server whose
 * starter was killed is taken over: the caller stops it at the end.
 *
 * @throws QschedError `failure`: no binary, the database is in use, or no answer; with the end of the log
 */
export async function startServer({
  dataFolder,
  onProgress,
  env = process.env,
  address,
}: StartOptions): Promise<RunningServer> {
  const running = await findRunningServer(dataFolder);
  if (running !== null && !isOrphan(readServerRecord(dataFolder))) return running;
  const executable = await provideExecutable({ onProgress, env });
  return withFileLock(
    join(dataFolder, 'server.lock'),
    async () => (await findStarting(dataFolder)) ?? (await startNew(dataFolder, executable, onProgress, env, address)),
    (pid, seconds) => onProgress(`waiting for process ${pid}, which is starting the Temporal server, ${seconds} s`),
  );
}

async function isRunning(record: ServerRecord): Promise<boolean> {
  return isAlive(record.pid) && (await accepts(record.address)) && (await answers(record, ANSWER_WITHIN_MS));
}

/**
 * A server whose starter died before it was ready gets a little time. One that runs but does not answer is an error: with
 * a write-ahead log, SQLite lets a second server open the same file, and both would run every workflow.
 */
async function findStarting(dataFolder: string): Promise<RunningServer | null> {
  const record = readServerRecord(dataFolder);
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  while (record !== null && isServer(record)) {
    if (await isRunning(record)) return isOrphan(record) ? adopt(record, dataFolder) : found(record);
    if (Date.now() > deadline) {
      throw new QschedError(
        'failure',
        `The Temporal server of ${dataFolder} (process ${record.pid}, ${record.address}) is running but does not answer.`,
        `Try again when the machine is less busy, or end it with \`kill -9 ${record.pid}\`; no data is lost.`,
      );
    }
    await sleep(100);
  }
  return null;
}

/** Whether the process of a record is still the server, and not another program that got its process id. */
function isServer({ pid, address }: ServerRecord): boolean {
  const line = commandLine(pid);
  return line !== null && line.includes('start-dev') && line.split(' ').includes(String(portOf(address)[0]));
}

/** Whether the process that started the server has died without stopping it. */
function isOrphan(record: ServerRecord | null): boolean {
  return record !== null && !isAlive(record.startedBy);
}

/** Makes this process responsible for stopping the server. Called with the lock held. */
function adopt(record: ServerRecord, dataFolder: string): RunningServer {
  const mine: ServerRecord = { ...record, startedBy: process.pid };
  writeServerRecord(dataFolder, mine);
  const adopted = adoptProcess(mine.pid);
  return {
    ...found(mine),
    startedHere: true,
    onExit: (listener) => adopted.onExit(listener),
    stop: async () => {
      await adopted.stop();
      removeServerRecord(dataFolder, mine.pid);
    },
  };
}

function found(record: ServerRecord): RunningServer {
  const { address, uiUrl, namespace, pid } = record;
  return { address, uiUrl, namespace, pid, ours: true, startedHere: false, stop: async () => {}, onExit: () => {} };
}

async function startNew(
  dataFolder: string,
  executable: Executable,
  onProgress: (line: string) => void,
  env: NodeJS.ProcessEnv,
  address: string | undefined,
): Promise<RunningServer> {
  const before = readServerRecord(dataFolder); // workers elsewhere reconnect to the previous address
  for (let attempt = 1; ; attempt += 1) {
    const first = attempt === 1;
    const port = await freePort(first ? [...portOf(address), ...portOf(before?.address), USUAL_PORT] : []);
    const uiPort = await freePort(first ? [...portOf(before?.uiUrl), USUAL_UI_PORT] : [], [port]);
    onProgress(`starting the Temporal server ${executable.serverVersion} on ${LOOPBACK}:${port}`);
    const server = launch({ executable, dataFolder, port, uiPort, namespace: OWN_NAMESPACE, env });
    const record: ServerRecord = {
      pid: server.pid,
      address: `${LOOPBACK}:${port}`,
      uiUrl: `http://${LOOPBACK}:${uiPort}`,
      namespace: OWN_NAMESPACE,
      startedBy: process.pid,
      startedAt: new Date().toISOString(),
      version: executable.serverVersion,
    };
    writeServerRecord(dataFolder, record);
    const problem = await untilReady(record, server, onProgress);
    if (problem === null) {
      return {
        address: record.address,
        uiUrl: record.uiUrl,
        namespace: OWN_NAMESPACE,
        pid: server.pid,
        ours: true,
        startedHere: true,
        stop: () => stop(server, dataFolder),
        onExit: (listener) => server.onExit(listener),
      };
    }
    await stop(server, dataFolder);
    if (!PORT_TAKEN.test(server.log()) || attempt === MAX_TRIES) throw startError(problem, server);
  }
}

/** Null once it is ready, otherwise what is wrong. */
async function untilReady(
  record: ServerRecord,
  server: Launched,
  onProgress: (line: string) => void,
): Promise<string | null> {
  const start = Date.now();
  let tellAt = start + TELL_EVERY_MS;
  for (;;) {
    if (server.ended() !== null) return `The Temporal server ended while starting (${server.ended()})`;
    if (await accepts(record.address)) {
      try {
        await makeReady(record);
        return null;
      } catch {
        // it listens, but is not ready yet
      }
    }
    const waited = Date.now() - start;
    if (waited > READY_WITHIN_MS) return `The Temporal server did not answer within ${READY_WITHIN_MS / 1000} s`;
    if (Date.now() >= tellAt) {
      onProgress(`waiting for the Temporal server to answer, ${Math.round(waited / 1000)} s`);
      tellAt += TELL_EVERY_MS;
    }
    await sleep(50);
  }
}

async function makeReady(record: ServerRecord): Promise<void> {
  const connection = await openConnection(record, ANSWER_WITHIN_MS);
  try {
    await ensureSearchAttributes(connection, record.namespace);
  } finally {
    await connection.close();
  }
}

const PORT_TAKEN = /address already in use|can't set (frontend|UI|default UI)|bind:/i;
const DATABASE_TAKEN = /SQLITE_BUSY|database is locked/i;

function startError(problem: string, server: Launched): QschedError {
  const log = server.log();
  if (DATABASE_TAKEN.test(log)) {
    return new QschedError(
      'failure',
      `Another process uses ${server.database}: a data folder can have only one Temporal server.`,
      'End that process (its command line has `server start-dev --db-filename`), or set QSCHED_DATA to another folder.',
    );
  }
  const end = log.trim().split('\n').slice(-5).join('\n');
  return new QschedError(
    'failure',
    `${problem}. The end of ${server.logFile}:\n${end === '' ? '(empty)' : end}`,
    'Run `npx qsched doctor`; or set TEMPORAL_ADDRESS to a running server.',
  );
}

async function stop(server: Launched, dataFolder: string): Promise<void> {
  await server.end();
  removeServerRecord(dataFolder, server.pid);
}

function portOf(address: string | undefined): number[] {
  const port = /:(\d+)$/.exec(address ?? '')?.[1];
  return port === undefined ? [] : [Number(port)];
}
