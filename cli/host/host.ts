/**
 * Everything that a search needs to run: a server, workers for workflows, store and computations, and scoring processes.
 * A command joins what is running, and stops what it started itself.
 */
import { existsSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { openStore } from '../../db/open-store.js';
import { QschedError } from '../../contract/errors.js';
import { liveHomeOf, livePageOf } from '../../live/live-record.js';
import { requireLibraries } from '../../inference/models/device-needs.js';
import { findModel } from '../../inference/models/model-roots.js';
import { requireAllowed } from '../../inference/served/allowed-servers.js';
import { hashServed } from '../../inference/verify.js';
import { configuredServer, connectTemporal, type TemporalConnection } from '../../temporal/connect.js';
import { dataFolder } from '../../temporal/data-folder.js';
import { endOlderRuns } from '../../temporal/older-runs.js';
import { countPollers, hasPollers } from '../../temporal/pollers.js';
import { modelQueue } from '../../temporal/queues.js';
import { ensureSearchAttributes, hasSearchAttributes } from '../../temporal/search-attributes.js';
import { logToFile } from '../../worker/worker-log.js';
import { startHost } from '../../worker/workers.js';
import { modelArgument } from '../input/model-path.js';
import { rememberModels } from '../input/remembered-models.js';
import { databasePath } from './database.js';
import { keepServer } from './keep-server.js';
import { serverFlag } from './server-flag.js';
import { serveLive } from './live.js';
import { requireWorkers } from './require-workers.js';
import { scoringPlan } from './scoring-plan.js';
import { startScoringProcesses } from './scoring-process.js';
import type { Serving } from './serving.js';
import { dropWorkersLock, readWorkersLock, writeWorkersLock, type WorkersLock } from './workers-lock.js';

/** Where searches run. */
export interface Host {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  /** Null if the searches are stored on another machine, or in another data folder. */
  readonly database: string | null;
  /** Address of the live page; null if there is none. */
  readonly live: string | null;
  /** Whether this process runs the workers. */
  readonly ours: boolean;
  /** Rejects if the workers or the server of this process cannot continue. */
  readonly broken: Promise<never>;
  /** Resolves when the process whose workers were joined has gone. */
  readonly deserted: Promise<void>;
  stop(): Promise<void>;
}

/** What to serve, and how. */
export interface HostOptions {
  readonly models: readonly string[];
  /** The scoring processes to start, if none are running. */
  readonly serving: Serving;
  readonly say: (line: string) => void;
  /** Whether to wait for workers instead of failing if a configured server has none. */
  readonly wait?: boolean;
  /** Whether to serve even if the server is a configured one: `qsched up`. */
  readonly serve?: boolean;
}

const LOOK_MILLISECONDS = 1000;
const BUSY_MILLISECONDS = 5000;

/**
 * Joins what is running, or starts it.
 *
 * @throws QschedError (failure): no server, no workers, or a database that cannot be written; (usage): a device whose
 * libraries are not installed
 */
export async function enterHost(options: HostOptions): Promise<Host> {
  const { models, serving, say, wait = false, serve = false } = options;
  const folder = dataFolder();
  rememberModels(folder);
  // A broken database is reported before a server is started.
  if (existsSync(databasePath())) openStore(databasePath(), { busyMilliseconds: BUSY_MILLISECONDS }).$client.close();
  // So is a device that the workers to start cannot use, and a command that they may not start.
  const starts = (serve || configuredServer() === null) && readWorkersLock(folder) === null;
  if (starts) {
    requireLibraries(serving.device);
    for (const model of models) requireAllowed(findModel(model), serving.allowServer === true);
  }
  const connected = await connectTemporal({ start: true, onProgress: say });
  const { nativeAddress, server } = connected;
  // The client's connection stays open until the process ends: a call that waits for a retry would throw.
  const leave = async (): Promise<void> => {
    await server?.stop();
  };
  try {
    const lock = lockAt(folder, nativeAddress.address);
    if (connected.kind === 'configured' && !serve) {
      await requireWorkers({ ...connected, ...nativeAddress, models, wait, say });
      sayUnused(serving, say);
      const database = lock === null ? null : databasePath();
      const live = database === null ? null : liveHomeOf(folder);
      return { ...common(connected), database, live, ours: false, broken: never(), deserted: never(), stop: leave };
    }
    if (lock === null) return await serveHost(connected, folder, options);
    if (serve) {
      throw new QschedError(
        'failure',
        `The workers of ${folder} are running already (process ${lock.pid}).`,
        'Leave them running, or stop that process first.',
      );
    }
    await requireServed(connected, lock, models);
    sayUnused(serving, say);
    const { gone, forget } = watchLock(folder, lock.pid);
    const stop = async (): Promise<void> => {
      forget();
      await leave();
    };
    const live = liveHomeOf(folder);
    return { ...common(connected), live, ours: false, broken: never(), deserted: gone, stop };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** The process whose workers serve this data folder at this server, or null. */
function lockAt(folder: string, address: string): WorkersLock | null {
  const lock = readWorkersLock(folder);
  return lock?.address === address ? lock : null;
}

/** A model is served by the process that runs the workers, or by another machine. */
async function requireServed(
  { connection, nativeAddress: { address, namespace } }: TemporalConnection,
  lock: WorkersLock,
  models: readonly string[],
): Promise<void> {
  for (const model of models) {
    const served =
      lock.models.includes(model) || (await hasPollers(connection, namespace, modelQueue(model), 'activity'));
    if (served) continue;
    throw new QschedError(
      'failure',
      `The running workers do not serve "${model}".`,
      `Start one that does: TEMPORAL_ADDRESS=${address} npx qsched worker --model ${modelArgument(model)}${serverFlag(model)}`,
    );
  }
}

function sayUnused({ processes, device, batch, live, allowServer }: Serving, say: (line: string) => void): void {
  const flags = [
    ...(processes === undefined ? [] : ['--workers']),
    ...(device === undefined ? [] : ['--device']),
    ...(batch === undefined ? [] : ['--network-batch']),
    ...(allowServer === true ? ['--allow-server'] : []),
    ...(live === 'none' ? ['--no-live'] : []),
    ...(live === 'none' || live?.port === undefined ? [] : ['--live-port']),
  ];
  if (flags.length > 0) say(`${flags.join(' and ')}: no effect, because the workers are running already`);
}

/** Starts the workers of this process; stops all of them if one cannot start. */
async function serveHost(
  connected: TemporalConnection,
  folder: string,
  { models, serving, say }: HostOptions,
): Promise<Host> {
  const { client, connection, nativeAddress, server } = connected;
  const { address, namespace } = nativeAddress;
  const undo: (() => unknown)[] = [() => dropWorkersLock(folder)];
  let over: Promise<void> | null = null;
  const stop = (): Promise<void> => (over ??= undoAll(undo));
  try {
    const kept = connected.kind === 'ours' ? keepServer({ folder, address, server, say }) : null;
    undo.push(() => kept?.stop());
    const store = openStore(databasePath());
    undo.push(() => store.$client.close());
    const live = await serveLive(folder, serving.live ?? 'none', say);
    undo.push(() => live?.stop());
    if (connected.kind === 'ours') await ensureSearchAttributes(connection, namespace);
    const searchAttributes = await hasSearchAttributes(connection, namespace);
    for (const id of await endOlderRuns(client, namespace)) {
      say(`ended ${id}, which another version of qsched had started; what it scored is stored, see npx qsched status`);
    }
    logToFile(folder);
    const workers = await startHost(nativeAddress, {
      store,
      path: databasePath(),
      searchAttributes,
      modelServed: (model) => hasPollers(connection, namespace, modelQueue(model), 'activity'),
      countWorkers: (queue) => countPollers(connection, namespace, queue),
      livePage: (id, kind) => livePageOf(folder, id, kind),
    });
    undo.push(() => workers.stop());
    writeWorkersLock(folder, { pid: process.pid, models, address });
    const plan = scoringPlan(models, serving);
    const what = plan.processes === 1 ? 'a scoring worker' : `${plan.processes} scoring workers`;
    const { device, batch, allowServer } = serving;
    const arithmetic = { ...(device === undefined ? {} : { device }), ...(batch === undefined ? {} : { batch }) };
    await Promise.race([hashServed(models, arithmetic, say), brokenWorkers(workers.done)]);
    say(`starting ${what} for ${models.join(', ')}`);
    const processes = startScoringProcesses({ ...plan, device, batch, allowServer, models, address, namespace, say });
    undo.push(() => processes.stop());
    const broken = Promise.race([
      processes.broken,
      brokenWorkers(workers.done),
      ...(kept === null ? [] : [kept.broken]),
    ]);
    broken.catch(() => undefined);
    await Promise.race([processes.ready, broken]);
    const page = live?.address ?? null;
    return { ...common(connected), live: page, ours: true, broken, deserted: never(), stop };
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

/** Stops in reverse order; one that fails to stop does not keep the others running. */
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
