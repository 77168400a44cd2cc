/**
 * `prepare` (model queue): resolves model, precision, scheduler, scorers and prompts on a worker.
 */
import type { NumericClass } from '../inference/numeric-class.js';
import { prepareSearch } from '../inference/prepare.js';
import type { PrepareRequest, PrepareResult } from '../spec/payloads.js';
import { asActivity } from './failures.js';
import { withHeartbeat } from './heartbeat.js';

/** Activities of the model queue. */
export const createModelActivities = (numeric: NumericClass) => ({
  prepare: (request: PrepareRequest): Promise<PrepareResult> => asActivity(() => withHeartbeat(() => prepareSearch(request.spec, numeric))),
});
