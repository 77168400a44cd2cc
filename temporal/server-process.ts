/**
 * The process of our own Temporal server: command line, log, exit.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Executable } from './executable.js';
import { LOOPBACK } from './ports.js';

/** SIGTERM first, SIGKILL if it still runs after this. */
const END_WITHIN_MS = 10_000;

/**
 * Settings that reduce the cost of an activity from 30 to 5 ms: write-ahead log, fewer syncs, and no limit of 20 polls
 * per second on the transfer queue (measured on server 1.29). All workers idle for a second while a run continues as new,
 * so a history may grow to 16 MB (4 by default; the server's limit is 50) before it is closed.
 */
const FAST = [
  // Priorities (`qsched priority`) need the matcher that is the default of later servers.
  '--dynamic-config-value',
  'matching.useNewMatcher=true',
  // One partition per queue: tasks are dispatched in the order in which they were scheduled.
  '--dynamic-config-value',
  'matching.numTaskqueueReadPartitions=1',
  '--dynamic-config-value',
  'matching.numTaskqueueWritePartitions=1',
  '--sqlite-pragma',
  'journal_mode=wal',
  '--sqlite-pragma',
  'synchronous=normal',
  '--dynamic-config-value',
  'history.transferProcessorMaxPollRPS=2000',
  '--dynamic-config-value',
  'limit.historySize.suggestContinueAsNew=16000000',
  '--dynamic-config-value',
  'limit.historyCount.suggestContinueAsNew=16000',
  '--dynamic-config-value',
  'limit.historySize.warn=20000000',
  '--dynamic-config-value',
  'limit.historyCount.warn=20000',
];

/** @internal */
export interface LaunchOptions {
  readonly executable: Executable;
  readonly dataFolder: string;
  readonly port: number;
  readonly uiPort: number;
  readonly namespace: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A server that this process started. */
export interface Launched {
  readonly pid: number;
  readonly database: string;
  readonly logFile: string;
  /** What the server has written to the log. */
  log(): string;
  /** Null while it runs, then how it ended. */
  ended(): string | null;
  /** The listener is called once, if the server ends without `end()`. */
  onExit(listener: (how: string) => void): void;
  end(): Promise<void>;
}

/**
 * The file that holds the server's data. Its tables are created only with the file, so every server version has a file
 * of its own.
 */
export function databaseFile(dataFolder: string, serverVersion: string): string {
  return join(dataFolder, `temporal-${serverVersion.replace(/[^\w.-]/g, '_')}.db`);
}

/** @internal */
export function serverArguments({ executable, dataFolder, port, uiPort }: LaunchOptions): string[] {
  const database = databaseFile(dataFolder, executable.serverVersion);
  const where = ['--ip', LOOPBACK, '--port', String(port), '--ui-ip', LOOPBACK, '--ui-port', String(uiPort)];
  return [
    'server',
    'start-dev',
    ...where,
    '--db-filename',
    // The server makes a URI of it without escaping. Its working folder is the data folder, so a name is enough.
    /[#?%]/.test(database) ? basename(database) : database,
    '--log-level',
    'warn',
    ...FAST,
  ];
}

/**
 * Starts the process in a session of its own, so that Ctrl-C in this terminal does not reach it and commands can end in
 * order.
 */
export function launch(options: LaunchOptions): Launched {
  const { executable, dataFolder, env } = options;
  const logFile = join(dataFolder, 'temporal.log');
  const database = databaseFile(dataFolder, executable.serverVersion);
  const offset = existsSync(logFile) ? statSync(logFile).size : 0;
  const log = openSync(logFile, 'a');
  let how: string | null = null;
  let asked = false;
  const listeners: ((how: string) => void)[] = [];
  const child = spawn(executable.path, serverArguments(options), {
    cwd: dataFolder,
    env,
    detached: true,
    stdio: ['ignore', log, log],
    windowsHide: true,
  });
  closeSync(log);
  const over = (text: string): void => {
    if (how !== null) return;
    how = text;
    if (!asked) for (const listener of listeners) listener(text);
  };
  child.once('error', (error) => over(error.message));
  child.once('exit', (code, signal) => over(signal === null ? `exit code ${code}` : `signal ${signal}`));
  child.unref();
  return {
    pid: child.pid ?? 0,
    database,
    logFile,
    log: () => readFileSync(logFile).subarray(offset).toString('utf8'),
    ended: () => how,
    onExit: (listener) => {
      if (how === null) listeners.push(listener);
      else if (!asked) listener(how);
    },
    end: async () => {
      asked = true;
      for (const [signal, within] of [
        ['SIGTERM', END_WITHIN_MS],
        ['SIGKILL', END_WITHIN_MS],
      ] as const) {
        if (how !== null) return;
        child.kill(signal);
        const deadline = Date.now() + within;
        while (how === null && Date.now() < deadline) await sleep(20);
      }
    },
  };
}
