/**
 * Everything that a search needs to run: a server, the workflow and store workers, scoring processes.
 * What is there already is joined; what a command started itself, it stops.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { openStore } from '../../db/open-store.js';
import { QschedError } from '../../contract/errors.js';
import { connectTemporal, type TemporalConnection } from '../../temporal/connect.js';
import { dataFolder } from '../../temporal/data-folder.js';
import { hasPollers } from '../../temporal/pollers.js';
import { modelQueue } from '../../temporal/queues.js';
import { ensureSearchAttributes, hasSearchAttributes } from '../../temporal/search-attributes.js';
import { logToFile } from '../../worker/worker-log.js';
import { startHost } from '../../worker/workers.js';
import { keepServer } from './keep-server.js';
import { requireWorkers } from './require-workers.js';
import { scoringPlan } from './scoring-plan.js';
import { startScoringProcesses } from './scoring-process.js';
import { dropWorkersLock, readWorkersLock, writeWorkersLock } from './workers-lock.js';

/** A place where searches run. */
export interface Host {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  /** Null where the searches are stored on another machine, or in another data folder. */
  readonly database: string | null;
  /** Whether this process runs the workers. */
  readonly ours: boolean;
  /** Rejects when the workers or the server of this process cannot continue. */
  readonly broken: Promise<never>;
  /** Resolves when the process whose workers were joined has gone. */
  readonly deserted: Promise<void>;
  stop(): Promise<void>;
}

/** What is to be served, and how. */
export interface HostOptions {
  readonly models: readonly string[];
  /** Scoring processes to start, where none runs; undefined lets the models' size decide. */
  readonly scoring: number | undefined;
  readonly say: (line: string) => void;
  /** Wait for workers instead of failing at once, where the server is somebody else's. */
  readonly wait?: boolean;
  /** Serve even where the server is somebody else's: `qsched up`. */
  readonly serve?: boolean;
}

const LOOK_MILLISECONDS = 1000;
const BUSY_MILLISECONDS = 5000;

/** Path of the database in the data folder. */
export const databasePath = (): string => join(dataFolder(), 'qsched.db');

/**
 * Joins what runs, or starts it.
 *
 * @throws QschedError (failure): no server, no workers, database not writable
 */
export async function enterHost(options: HostOptions): Promise<Host> {
  const folder = dataFolder();
  if (existsSync(databasePath())) openStore(databasePath(), { busyMilliseconds: BUSY_MILLISECONDS }).$client.close(); // a broken one is told before a server is started
  const connected = await connectTemporal({ start: true, onProgress: options.say });
  const { nativeAddress, connection, server } = connected;
  // The client's connection stays open until the process ends: a call that waits to be tried again would throw.
  const leave = async (): Promise<void> => {
    await server?.stop();
  };
  try {
    if (connected.kind === 'configured' && options.serve !== true) {
      await requireWorkers({
        connection,
        ...nativeAddress,
        models: options.models,
        wait: options.wait ?? false,
        say: options.say,
      });
      const here = readWorkersLock(folder)?.address === nativeAddress.address;
      return {
        ...common(connected),
        database: here ? databasePath() : null,
        ours: false,
        broken: never(),
        deserted: never(),
        stop: leave,
      };
    }
    const lock = readWorkersLock(folder);
    if (lock !== null && lock.address === nativeAddress.address) {
      if (options.serve) {
        throw new QschedError(
          'failure',
          `The workers of ${folder} run already (process ${lock.pid}).`,
          'Leave them running, or stop that process first.',
        );
      }
      const absent = options.models.find((model) => !lock.models.includes(model));
      if (absent !== undefined) {
        throw new QschedError(
          'failure',
          `The running workers do not serve "${absent}".`,
          `Start one: npx qsched worker --model ${absent}`,
        );
      }
      const { gone, forget } = watchLock(folder, lock.pid);
      return {
        ...common(connected),
        ours: false,
        broken: never(),
        deserted: gone,
        stop: async () => {
          forget();
          await leave();
        },
      };
    }
  } catch (error) {
    await leave();
    throw error;
  }
  return serveHost(connected, folder, options);
}

/** Starts the workers of this process; undoes everything where one of them cannot start. */
async function serveHost(
  connected: TemporalConnection,
  folder: string,
  { models, scoring, say }: HostOptions,
): Promise<Host> {
  const { connection, nativeAddress, server } = connected;
  const { address, namespace } = nativeAddress;
  const undo: (() => unknown)[] = [() => dropWorkersLock(folder)];
  let over: Promise<void> | null = null;
  const stop = (): Promise<void> => (over ??= undoAll(undo));
  try {
    const kept = connected.kind === 'ours' ? keepServer({ folder, address, server, say }) : null;
    undo.push(() => kept?.stop());
    const store = openStore(databasePath());
    undo.push(() => store.$client.close());
    if (connected.kind === 'ours') await ensureSearchAttributes(connection, namespace);
    const searchAttributes = await hasSearchAttributes(connection, namespace);
    logToFile(folder);
    const workers = await startHost(nativeAddress, {
      store,
      path: databasePath(),
      searchAttributes,
      modelServed: (model) => hasPollers(connection, namespace, modelQueue(model), 'activity'),
    });
    undo.push(() => workers.stop());
    writeWorkersLock(folder, { pid: process.pid, models, address });
    const plan = scoringPlan(models, scoring);
    say(
      `starting ${plan.processes === 1 ? 'a scoring worker' : `${plan.processes} scoring workers`} for ${models.join(', ')}`,
    );
    const processes = startScoringProcesses({ ...plan, models, address, namespace, say });
    undo.push(() => processes.stop());
    const broken = Promise.race([
      processes.broken,
      brokenWorkers(workers.done),
      ...(kept === null ? [] : [kept.broken]),
    ]);
    broken.catch(() => undefined);
    await Promise.race([processes.ready, broken]);
    return { ...common(connected), ours: true, broken, deserted: never(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const common = ({ client, nativeAddress: { address, namespace }, uiUrl }: TemporalConnection) => ({
  client,
  address,
  namespace,
  uiUrl,
  database: databasePath(),
});

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** What was started last is stopped first; one that fails to stop does not keep the others running. */
async function undoAll(undo: readonly (() => unknown)[]): Promise<void> {
  for (const step of [...undo].reverse()) {
    try {
      await step();
    } catch {
      // The process ends in any case.
    }
  }
}

async function brokenWorkers(done: Promise<void>): Promise<never> {
  await done;
  return never();
}

function watchLock(folder: string, pid: number): { gone: Promise<void>; forget: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const gone = new Promise<void>((resolve) => {
    timer = setInterval(() => {
      if (readWorkersLock(folder)?.pid === pid) return;
      clearInterval(timer);
      resolve();
    }, LOOK_MILLISECONDS);
  });
  return { gone, forget: () => clearInterval(timer) };
}
