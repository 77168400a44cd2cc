/**
 * A search on simulated workers: real Temporal server, workflow and store; N scoring workers in one process.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { openStore, type Store } from '../db/open-store.js';
import type { SearchSpecInput } from '../contract/search-spec.js';
import { parseSearchSpec } from '../contract/validate.js';
import { connectTemporal } from '../temporal/connect.js';
import { countPollers } from '../temporal/pollers.js';
import { WORKFLOW_QUEUE } from '../temporal/queues.js';
import { startHost, startScoringWorkers, type RunningWorkers } from '../worker/workers.js';
import { logToFile } from '../worker/worker-log.js';
import { describeSimulated, scoreSimulated, SIMULATED_MODEL, SIMULATED_QUEUE } from './simulated-workers.js';

/** How a run is set up. */
export interface WorkersRun {
  readonly workers: number;
  readonly secondsPerBatch: number;
  readonly spec: Omit<SearchSpecInput, 'model'>;
}

/** What the calibration took. */
export interface WorkersResult {
  readonly candidates: number;
  /** From the first candidate's ask to the last record: trial 0, selection and confirmation are outside. */
  readonly seconds: number;
}

/** Runs one search in a fresh data folder. */
export async function runWorkers({ workers, secondsPerBatch, spec }: WorkersRun): Promise<WorkersResult> {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-bench-'));
  const env = { ...process.env, QSCHED_DATA: folder };
  process.env['QSCHED_ARTEFACTS'] = join(folder, 'artefacts');
  const { connection, client, nativeAddress, server } = await connectTemporal({
    start: true,
    onProgress: () => undefined,
    env,
  });
  const path = join(folder, 'qsched.db');
  const store = openStore(path);
  logToFile(folder);
  const running: RunningWorkers[] = [];
  try {
    running.push(
      await startHost(nativeAddress, {
        store,
        path,
        searchAttributes: false,
        modelServed: () => Promise.resolve(true),
        countWorkers: (queue) => countPollers(connection, nativeAddress.namespace, queue),
      }),
    );
    for (let i = 0; i < workers; i += 1) {
      const identity = `simulated-${i + 1}`;
      const nobody = (): Promise<never> => Promise.reject(new Error('not simulated'));
      running.push(
        await startScoringWorkers(nativeAddress, {
          models: i === 0 ? [SIMULATED_MODEL] : [],
          scoreQueues: [SIMULATED_QUEUE],
          model: { describe: (request) => Promise.resolve(describeSimulated(request)), inspectPrompts: () => [] },
          score: {
            score: (request) => scoreSimulated(request, identity, secondsPerBatch),
            render: nobody,
            fit: nobody,
          },
          identity,
        }),
      );
    }
    const handle = await client.workflow.start('search', {
      taskQueue: WORKFLOW_QUEUE,
      workflowId: 'bench',
      args: [parseSearchSpec({ model: SIMULATED_MODEL, ...spec })],
    });
    await handle.result();
    return timesOf(store);
  } finally {
    for (const one of running.reverse()) await one.stop();
    store.$client.close();
    await connection.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const timesOf = (store: Store): WorkersResult =>
  store.get<WorkersResult>(sql`
    select count(*) as candidates, (julianday(max(updated_at)) - julianday(min(created_at))) * 86400 as seconds
    from trials where search_id = 'bench' and stage = 'calibration' and number > 0`)!;
