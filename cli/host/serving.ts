/**
 * The scoring processes that a command asks for.
 */
import type { Given } from '../input/flag.js';
import type { WORKERS } from '../input/flags.js';
import { parseDevice } from '../../inference/models/device.js';
import { whole } from '../input/values.js';

const MAX_WORKERS = 64;
const MAX_BATCH = 1024;

/** What to serve models with; what is undefined is decided by the models' size, or by the worker. */
export interface Serving {
  readonly processes?: number | undefined;
  /** Execution provider: cpu, webgpu, cuda, ... */
  readonly device?: string | undefined;
  /** Rows per network call. */
  readonly batch?: number | undefined;
}

/** @throws QschedError (usage) for a number or a device that is not allowed */
export function servingOf({ workers, device, networkBatch }: Given<typeof WORKERS>): Serving {
  if (device !== undefined) parseDevice(device);
  return {
    processes: whole('--workers', workers, 1, MAX_WORKERS),
    device,
    batch: whole('--network-batch', networkBatch, 1, MAX_BATCH),
  };
}
