/**
 * A grid through the real thing: Temporal server, workflow, store, and a scoring worker.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { ScoreFunction } from '../activities/score.js';
import { startSearch } from '../cli/follow.js';
import { openStore } from '../db/open-store.js';
import type { SearchSpec } from '../spec/search-spec.js';
import { parseSearchSpec } from '../spec/validate.js';
import { connectTemporal } from '../temporal/connect.js';
import { startHouse, startScoring } from '../worker/workers.js';
import { logToFile } from '../worker/worker-log.js';

/** What a grid took. */
export interface GridRun {
  readonly candidates: number;
  /** Wall time from the grid's first ask to its last record. */
  readonly seconds: number;
  /** Of those, inside ONNX Runtime. */
  readonly runtimeSeconds: number;
  readonly best: number;
}

/** The grid of the paper's reference: both coefficients, the end fixed at 1. */
export const gridSpec = (steps: number, gridPoints: number, prompts: number, seeds: number[]): SearchSpec =>
  parseSearchSpec({
    model: 'shapes', precision: 'w4a8', scheduler: { steps }, coefficients: { shape: 'single-scale' },
    prompts: { count: prompts, seeds }, optimizer: { type: 'grid', gridPoints, budget: gridPoints ** 2 },
    select: { count: 4, finalists: 1 }, confirm: { count: 20 },
  });

/** Runs one search in a fresh data folder and reads its times from the history. */
export async function runGrid(spec: SearchSpec, options: { threads: number; batch: number; score?: ScoreFunction }): Promise<GridRun> {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-bench-'));
  const env = { ...process.env, QSCHED_DATA: folder };
  const { connection, client, nativeAddress, server } = await connectTemporal({ start: true, onProgress: () => undefined, env });
  const store = openStore(join(folder, 'qsched.db'));
  logToFile(folder);
  const house = await startHouse(nativeAddress, { store, path: join(folder, 'qsched.db'), searchAttributes: false });
  const scoring = await startScoring(nativeAddress, { models: ['shapes'], provider: 'cpu', ...options });
  try {
    await startSearch(client, 'bench', spec);
    await client.workflow.getHandle('bench').result();
    return await timesOf(client, 'bench');
  } finally {
    await scoring.stop();
    await house.stop();
    store.$client.close();
    await connection.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timesOf(client: Client, id: string): Promise<GridRun> {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  const scheduled = new Map<string, { type: string; summary: string; at: number }>();
  const at = (event: { eventTime?: { seconds?: unknown; nanos?: number | null } | null }): number => Number(event.eventTime?.seconds ?? 0) + (event.eventTime?.nanos ?? 0) / 1e9;
  const text = (data: Uint8Array | null | undefined): string => Buffer.from(data ?? []).toString('utf8');
  let asks = 0;
  let candidates = 0;
  let first = Infinity;
  let last = -Infinity;
  let runtimeSeconds = 0;
  let inGrid = false;
  let best = -Infinity;
  for (const event of events ?? []) {
    const begun = event.activityTaskScheduledEventAttributes;
    if (begun) {
      const type = begun.activityType?.name ?? '';
      scheduled.set(String(event.eventId), { type, summary: '', at: at(event) });
      if (type === 'ask') {
        asks += 1;
        const request = JSON.parse(text(begun.input?.payloads?.[0]?.data)) as { stage: string; trials: unknown[] };
        // The first ask is the identity's.
        inGrid = asks > 1 && request.stage === 'calibration';
        if (inGrid) candidates += request.trials.length;
        if (inGrid && first === Infinity) first = at(event);
      }
    }
    const done = event.activityTaskCompletedEventAttributes;
    if (done && inGrid) {
      const { type } = scheduled.get(String(done.scheduledEventId))!;
      if (type === 'score') runtimeSeconds += (JSON.parse(text(done.result?.payloads?.[0]?.data)) as { runtimeSeconds: number }).runtimeSeconds;
      if (type === 'record') {
        last = at(event);
        for (const { score } of JSON.parse(text(done.result?.payloads?.[0]?.data)) as { score: number | null }[]) best = Math.max(best, score ?? -Infinity);
      }
    }
  }
  return { candidates, seconds: last - first, runtimeSeconds, best };
}
