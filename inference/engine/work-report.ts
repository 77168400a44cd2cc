/**
 * What a job took: time, and rows of the denoiser.
 */
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import type { WorkReport } from '../../contract/wire/score.js';
import { denoiserRows } from '../models/denoiser-rows.js';
import { runtimeClock } from '../models/runtime-session.js';

/** Starts to count. @returns the report up to the moment when it is called */
export function startReport(): () => WorkReport {
  const start = performance.now();
  const runtime = runtimeClock.seconds;
  const { computed, padded } = denoiserRows;
  return () => ({
    worker: `${process.pid}@${hostname()}${threadId > 1 ? `/${threadId}` : ''}`,
    seconds: (performance.now() - start) / 1000,
    runtimeSeconds: runtimeClock.seconds - runtime,
    denoiserRows: denoiserRows.computed - computed,
    paddedRows: denoiserRows.padded - padded,
  });
}
