/**
 * Everything that a search needs to run: a server, the workflow and store workers, scoring processes.
 * What is there already is joined; what a command started itself, it stops.
 */
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { openStore, type Store } from '../db/open-store.js';
import { QschedError } from '../spec/errors.js';
import { connectTemporal } from '../temporal/connect.js';
import { dataFolder } from '../temporal/data-folder.js';
import { hasPollers } from '../temporal/pollers.js';
import { modelQueue, STORE_QUEUE, WORKFLOW_QUEUE } from '../temporal/queues.js';
import { ensureSearchAttributes, hasSearchAttributes } from '../temporal/search-attributes.js';
import { startHouse } from '../worker/workers.js';
import { startScoringProcesses } from './scoring-process.js';
import { dropWorkersLock, readWorkersLock, writeWorkersLock } from './workers-lock.js';

/** A place where searches run. */
export interface House {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  readonly database: string;
  /** Whether this process runs the workers. */
  readonly ours: boolean;
  stop(): Promise<void>;
}

/** What is to be served, and how. */
export interface HouseOptions {
  readonly models: readonly string[];
  /** Scoring processes to start, where none runs. */
  readonly scoring: number;
  readonly say: (line: string) => void;
  /** Wait for workers instead of failing at once, where the server is somebody else's. */
  readonly wait?: boolean;
  /** Serve even where the server is somebody else's: `qsched up`. */
  readonly serve?: boolean;
}

/** Path of the database in the data folder. */
export const databasePath = (): string => join(dataFolder(), 'qsched.db');

/**
 * Joins what runs, or starts it.
 *
 * @throws QschedError (failure): no server, no workers, database not writable
 */
export async function enterHouse(options: HouseOptions): Promise<House> {
  const folder = dataFolder();
  const database = databasePath();
  const connected = await connectTemporal({ start: true, onProgress: options.say });
  const { connection, client, nativeAddress, uiUrl, server } = connected;
  const external = connected.kind === 'configured';
  const base = { client, address: nativeAddress.address, namespace: nativeAddress.namespace, uiUrl, database };
  const leave = async (): Promise<void> => { await connection.close(); };
  try {
    if (external && !options.serve) {
      await requireWorkers(options);
      return { ...base, ours: false, stop: leave };
    }
    const lock = readWorkersLock(folder);
    if (lock !== null && lock.address === nativeAddress.address) {
      if (options.serve) throw new QschedError('failure', `The workers of ${folder} run already (process ${lock.pid}).`, 'Leave them running, or stop that process first.');
      const absent = options.models.find((model) => !lock.models.includes(model));
      if (absent !== undefined) throw new QschedError('failure', `The running workers do not serve "${absent}".`, `Start one: npx qsched worker --model ${absent}`);
      return { ...base, ours: false, stop: leave };
    }
    const store = openStore(database);
    return await serveHouse(store, folder, options);
  } catch (error) {
    await leave();
    await server?.stop();
    throw error;
  }

  async function requireWorkers({ models, wait }: HouseOptions): Promise<void> {
    const queues = [[WORKFLOW_QUEUE, 'workflow', 'npx qsched up'], [STORE_QUEUE, 'activity', 'npx qsched up'], ...models.map((model) => [modelQueue(model), 'activity', `npx qsched worker --model ${model}`] as const)] as const;
    for (;;) {
      const absent: (readonly [string, string, string])[] = [];
      for (const queue of queues) if (!(await hasPollers(connection, nativeAddress.namespace, queue[0], queue[1]))) absent.push(queue);
      const first = absent[0];
      if (first === undefined) return;
      if (!wait) throw new QschedError('failure', `No worker serves the queue "${first[0]}" at ${nativeAddress.address}.`, `Start one with TEMPORAL_ADDRESS=${nativeAddress.address}: ${first[2]} (or wait for one with --wait).`);
      options.say(`waiting for a worker on ${absent.map(([queue]) => queue).join(', ')}; start one: ${first[2]}`);
      await new Promise((done) => { setTimeout(done, 4000); });
    }
  }

  async function serveHouse(store: Store, place: string, { models, scoring, say }: HouseOptions): Promise<House> {
    if (!external) await ensureSearchAttributes(connection, nativeAddress.namespace);
    const searchAttributes = await hasSearchAttributes(connection, nativeAddress.namespace);
    const house = await startHouse(nativeAddress, { store, path: database, searchAttributes });
    writeWorkersLock(place, { pid: process.pid, models, address: nativeAddress.address });
    const processes = startScoringProcesses({ count: scoring, models, address: nativeAddress.address, namespace: nativeAddress.namespace, say });
    const stop = async (): Promise<void> => {
      await Promise.all([processes.stop(), house.stop()]);
      dropWorkersLock(place);
      store.$client.close();
      await leave();
      await server?.stop();
    };
    await processes.ready;
    return { ...base, ours: true, stop };
  }
}
