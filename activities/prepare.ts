/**
 * The model queue: `prepare` and `prepareEvaluate` resolve model, precision, scheduler, scorers and prompts on a worker;
 * `serves` answers for a worker that is busy.
 */
import type { NumericClass } from '../inference/models/numeric-class.js';
import { prepareSearch } from '../inference/prepare/prepare.js';
import { prepareNetwork } from '../inference/prepare/prepare-evaluate.js';
import { QschedError } from '../contract/errors.js';
import type { PreparedNetwork, PrepareEvaluateRequest } from '../contract/evaluate-payloads.js';
import type { PrepareRequest, PrepareResult } from '../contract/payloads.js';
import { asActivity } from './failures.js';
import { withHeartbeat } from './heartbeat.js';

/** Who starts something with a scorer that does not answer wants to know at once: nothing is lost yet. */
const atOnce = <T>(body: () => Promise<T>): Promise<T> =>
  withHeartbeat(body).catch((error: unknown) => {
    throw error instanceof QschedError ? new QschedError(error.code, error.message, error.hint, true) : error;
  });

/**
 * Activities of the model queue.
 *
 * @param queues those that this process serves; it may grow while the process starts
 */
export const createModelActivities = (numeric: NumericClass, queues: readonly string[]) => ({
  /** Whether this process serves a queue: one that is busy does not poll it, and looks absent. */
  serves: ({ queue }: { queue: string }): Promise<boolean> => Promise.resolve(queues.includes(queue)),
  prepareEvaluate: (request: PrepareEvaluateRequest): Promise<PreparedNetwork> =>
    asActivity(() => atOnce(() => prepareNetwork(request, numeric))),
  prepare: (request: PrepareRequest): Promise<PrepareResult> =>
    asActivity(() => atOnce(() => prepareSearch(request.spec, numeric))),
});
