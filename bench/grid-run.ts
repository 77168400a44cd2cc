/**
 * A grid through the real thing: Temporal server, workflow, store, and a scoring worker.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { sql } from 'drizzle-orm';
import type { ScoreFunction } from '../activities/score.js';
import { startSearch } from '../cli/follow/follow-search.js';
import { scoringPlan } from '../cli/host/scoring-plan.js';
import { startScoringProcesses } from '../cli/host/scoring-process.js';
import { openStore, type Store } from '../db/open-store.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { parseSearchSpec } from '../contract/validate.js';
import { connectTemporal } from '../temporal/connect.js';
import { startHost, startScoring } from '../worker/workers.js';
import { logToFile } from '../worker/worker-log.js';

/** What a grid took. */
export interface GridRun {
  readonly candidates: number;
  /** Wall time from the grid's first ask to its last record. */
  readonly seconds: number;
  /** Of those, inside ONNX Runtime, summed over the scoring processes. */
  readonly runtimeSeconds: number;
  readonly best: number;
  /** Scoring processes, one thread of ONNX Runtime each. */
  readonly processes: number;
}

/** The grid of the paper's reference: both coefficients, the end fixed at 1. */
export const gridSpec = (steps: number, gridPoints: number, prompts: number, seeds: number[]): SearchSpec =>
  parseSearchSpec({
    model: 'shapes',
    precision: 'w4a8',
    scheduler: { steps },
    coefficients: { shape: 'single-scale' },
    prompts: { count: prompts, seeds },
    optimizer: { type: 'grid', gridPoints, budget: gridPoints ** 2 },
    select: { count: 4, finalists: 1 },
    confirm: { count: 20 },
  });

/**
 * Runs one search in a fresh data folder, with the scoring processes that `qsched up` starts.
 *
 * @param score takes the place of the scoring processes: for the overhead alone
 */
export async function runGrid(spec: SearchSpec, score?: ScoreFunction): Promise<GridRun> {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-bench-'));
  const env = { ...process.env, QSCHED_DATA: folder };
  const { connection, client, nativeAddress, server } = await connectTemporal({
    start: true,
    onProgress: () => undefined,
    env,
  });
  const store = openStore(join(folder, 'qsched.db'));
  logToFile(folder);
  const host = await startHost(nativeAddress, {
    store,
    path: join(folder, 'qsched.db'),
    searchAttributes: false,
    modelServed: () => Promise.resolve(true),
  });
  const models = ['shapes'];
  const plan = scoringPlan(models, undefined);
  const { address, namespace } = nativeAddress;
  const scoring =
    score === undefined
      ? startScoringProcesses({
          ...plan,
          models,
          address,
          namespace,
          say: (line) => {
            process.stderr.write(`${line}\n`);
          },
        })
      : await startScoring(nativeAddress, { models, provider: 'cpu', threads: 1, batch: 20, score });
  if ('ready' in scoring) await scoring.ready;
  try {
    await startSearch(client, 'bench', spec);
    await client.workflow.getHandle('bench').result();
    return { ...(await timesOf(client, store, 'bench')), processes: plan.processes };
  } finally {
    await scoring.stop();
    await host.stop();
    store.$client.close();
    await connection.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Wall time from the store, ONNX Runtime's share of it from the history (the last run of it, where it was continued). */
async function timesOf(client: Client, store: Store, id: string): Promise<Omit<GridRun, 'processes'>> {
  const row = store.get<{ candidates: number; seconds: number; best: number }>(sql`
    select count(*) as candidates, max(score) as best,
           (julianday(max(updated_at)) - julianday(min(created_at))) * 86400 as seconds
    from trials where search_id = ${id} and stage = 'calibration' and number > 0`);
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  const calibrating = new Set<string>();
  let runtimeSeconds = 0;
  for (const event of events ?? []) {
    const begun = event.activityTaskScheduledEventAttributes;
    if (begun?.activityType?.name === 'score') {
      const { contexts, trials } = JSON.parse(textOf(begun.input)) as { contexts: object; trials: { index: number }[] };
      if (Object.keys(contexts).length === 1 && trials[0]!.index > 0) calibrating.add(String(event.eventId));
    }
    const done = event.activityTaskCompletedEventAttributes;
    if (done && calibrating.has(String(done.scheduledEventId))) {
      runtimeSeconds += (JSON.parse(textOf(done.result)) as { runtimeSeconds: number }).runtimeSeconds;
    }
  }
  return { ...row!, runtimeSeconds };
}

const textOf = (payloads: { payloads?: { data?: Uint8Array | null }[] | null } | null | undefined): string =>
  Buffer.from(payloads?.payloads?.[0]?.data ?? []).toString('utf8');
