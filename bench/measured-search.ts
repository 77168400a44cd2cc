/**
 * One search with the real Temporal server, workflow and store; the caller provides the scoring workers.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { SearchResult } from '../contract/search-result.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { openStore, type Store } from '../db/open-store.js';
import { connectTemporal } from '../temporal/connect.js';
import { countPollers } from '../temporal/pollers.js';
import { WORKFLOW_QUEUE } from '../temporal/queues.js';
import { logToFile } from '../worker/worker-log.js';
import { startHost, type WorkerAddress } from '../worker/workers.js';

/** What the calibration took; the baseline, selection and confirmation are outside the clock. */
export interface MeasuredSearch {
  /** The baseline is not counted. */
  readonly candidates: number;
  /** Wall time from the first candidate's ask to the last record. */
  readonly seconds: number;
  /** Inside ONNX Runtime, summed over the workers. */
  readonly runtimeSeconds: number;
  /** Rows that the denoiser computed, those of the baseline included. */
  readonly denoiserRows: number;
  /** Score of the baseline. */
  readonly baseline: number;
  /** Candidates with all their pairs, in the order of their last record; seconds since the first ask. */
  readonly course: readonly { readonly seconds: number; readonly score: number }[];
}

/** Workers that can be stopped. */
export interface Stoppable {
  stop(): Promise<void>;
}

const ID = 'bench';

/** A server, a store in a fresh folder, and scoring workers: searches run in it one after another. */
export interface BenchHost {
  readonly store: Store;
  /** Runs a search to its verdict. */
  run(searchId: string, spec: SearchSpec): Promise<SearchResult>;
  stop(): Promise<void>;
}

/**
 * Runs one search in a fresh data folder.
 *
 * @param startWorkers starts the scoring workers, and resolves when they serve their queues
 */
export async function measureSearch(
  spec: SearchSpec,
  startWorkers: (at: WorkerAddress) => Promise<Stoppable>,
): Promise<MeasuredSearch> {
  const host = await startBenchHost(startWorkers);
  try {
    await host.run(ID, spec);
    return measurementOf(host.store);
  } finally {
    await host.stop();
  }
}

/** @param startWorkers starts the scoring workers, and resolves when they serve their queues */
export async function startBenchHost(startWorkers: (at: WorkerAddress) => Promise<Stoppable>): Promise<BenchHost> {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-bench-'));
  process.env['QSCHED_ARTEFACTS'] = join(folder, 'artefacts');
  const { connection, client, nativeAddress, server } = await connectTemporal({
    start: true,
    onProgress: () => undefined,
    env: { ...process.env, QSCHED_DATA: folder },
  });
  const path = join(folder, 'qsched.db');
  const store = openStore(path);
  logToFile(folder);
  const running: Stoppable[] = [];
  const stop = async (): Promise<void> => {
    for (const one of running.reverse()) await one.stop();
    store.$client.close();
    await connection.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
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
    running.push(await startWorkers(nativeAddress));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    store,
    run: (workflowId, spec) =>
      client.workflow.execute<(input: unknown) => Promise<SearchResult>>('search', {
        taskQueue: WORKFLOW_QUEUE,
        workflowId,
        args: [spec],
      }),
    stop,
  };
}

const measurementOf = (store: Store): MeasuredSearch => ({
  ...store.get<Omit<MeasuredSearch, 'course'>>(sql`
    select count(*) as candidates, (julianday(max(updated_at)) - julianday(min(created_at))) * 86400 as seconds,
           (select coalesce(sum(runtime_seconds), 0) from work
            where search_id = ${ID} and stage = 'calibration' and number > 0) as runtimeSeconds,
           (select coalesce(sum(denoiser_rows), 0) from work
            where search_id = ${ID} and stage = 'calibration') as denoiserRows,
           (select score from trials where search_id = ${ID} and stage = 'calibration' and number = 0) as baseline
    from trials where search_id = ${ID} and stage = 'calibration' and number > 0`)!,
  course: store.all(sql`
    select (julianday(updated_at) - min(julianday(created_at)) over ()) * 86400 as seconds, score
    from trials where search_id = ${ID} and stage = 'calibration' and number > 0 and status = 'ok'
    order by updated_at`),
});
