/**
 * The model queue: what only the files of a worker can tell; `serves` answers for a worker that is busy.
 */
import { QschedError } from '../contract/errors.js';
import { DescribeRequest, InspectPromptsRequest, type NetworkDescription } from '../contract/wire/describe.js';
import { readRequest } from '../contract/wire/version.js';
import { asActivity } from './failures.js';
import { withHeartbeat } from './heartbeat.js';

/** What answers: the files of this machine, or a simulation. */
export interface ModelFunctions {
  describe(request: DescribeRequest): Promise<NetworkDescription>;
  inspectPrompts(request: InspectPromptsRequest): string[];
}

/** Whoever starts something with a scorer that does not answer should know at once: nothing is lost yet. */
const atOnce = <T>(body: () => Promise<T>): Promise<T> =>
  withHeartbeat(body).catch((error: unknown) => {
    throw error instanceof QschedError ? new QschedError(error.code, error.message, error.hint, true) : error;
  });

/**
 * Activities of the model queue.
 *
 * @param queues those that this process serves; it may grow while the process starts
 */
export const createModelActivities = (functions: ModelFunctions, queues: readonly string[]) => ({
  /** Whether this process serves a queue: one that is busy does not poll it, and looks absent. */
  serves: ({ queue }: { queue: string }): Promise<boolean> => Promise.resolve(queues.includes(queue)),
  describe: (request: DescribeRequest): Promise<NetworkDescription> =>
    asActivity(() => atOnce(async () => functions.describe(readRequest(DescribeRequest, request, 'describe')))),
  inspectPrompts: (request: InspectPromptsRequest): Promise<string[]> =>
    asActivity(() =>
      atOnce(async () => functions.inspectPrompts(readRequest(InspectPromptsRequest, request, 'inspectPrompts'))),
    ),
});
