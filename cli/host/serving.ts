/**
 * The scoring processes that a command asks for.
 */
import type { Given } from '../input/flag.js';
import type { LIVE, WORKERS } from '../input/flags.js';
import { parseDevice } from '../../inference/models/device.js';
import { whole } from '../input/values.js';
import { liveOf, type LiveChoice } from './live.js';

const MAX_WORKERS = 64;
const MAX_BATCH = 1024;

/** What to serve models with; what is undefined is decided by the models' size, or by the worker. */
export interface Serving {
  readonly processes?: number | undefined;
  /** Execution provider: cpu, webgpu, cuda, ... */
  readonly device?: string | undefined;
  /** Rows per network call. */
  readonly batch?: number | undefined;
  readonly live?: LiveChoice;
  /** Whether commands of model folders may be started. */
  readonly allowServer?: boolean | undefined;
}

/** @throws QschedError (usage) for a number, a device or a port that is not allowed */
export function servingOf(flags: Given<typeof WORKERS & typeof LIVE>): Serving {
  const { workers, device, networkBatch, allowServer } = flags;
  if (device !== undefined) parseDevice(device);
  return {
    processes: whole('--workers', workers, 1, MAX_WORKERS),
    device,
    batch: whole('--network-batch', networkBatch, 1, MAX_BATCH),
    live: liveOf(flags),
    allowServer,
  };
}
