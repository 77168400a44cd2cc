/**
 * What a job took: time, and rows of denoisers.
 */
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import type { WorkReport } from '../../contract/wire/score.js';
import { runtimeClock } from '../models/runtime-session.js';
import type { Pipeline } from '../pipelines/pipeline.js';

/** A job's report while it runs. */
export interface RunningReport {
  /** Counts a pipeline's rows from now on. */
  count(pipeline: Pick<Pipeline, 'rows'>): void;
  /** The report up to now. */
  made(): WorkReport;
}

/** Starts the clock. */
export function startReport(): RunningReport {
  const start = performance.now();
  const runtime = runtimeClock.seconds;
  const counted = new Map<Pick<Pipeline, 'rows'>, Pipeline['rows']>();
  const sum = (what: keyof Pipeline['rows']): number =>
    [...counted].reduce((total, [{ rows }, before]) => total + rows[what] - before[what], 0);
  return {
    count(pipeline) {
      if (!counted.has(pipeline)) counted.set(pipeline, { ...pipeline.rows });
    },
    made: () => ({
      // The first thread that a process starts is number 1.
      worker: `${process.pid}@${hostname()}${threadId > 1 ? `/${threadId}` : ''}`,
      seconds: (performance.now() - start) / 1000,
      runtimeSeconds: runtimeClock.seconds - runtime,
      denoiserRows: sum('denoiser'),
      paddedRows: sum('padded'),
    }),
  };
}
