/**
 * Whether workers serve the queues that a search needs, at a configured server.
 */
import type { Connection } from '@temporalio/client';
import { QschedError } from '../../contract/errors.js';
import { hasPollers } from '../../temporal/pollers.js';
import { modelArgument } from '../input/model-path.js';
import { serverFlag } from './server-flag.js';
import { modelQueue, STORE_QUEUE, WORKFLOW_QUEUE } from '../../temporal/queues.js';

const LOOK_MILLISECONDS = 4000;

/** Where to look, and for which models. */
export interface RequireOptions {
  readonly connection: Connection;
  readonly address: string;
  readonly namespace: string;
  readonly models: readonly string[];
  /** Whether to wait for workers instead of failing at once. */
  readonly wait: boolean;
  readonly say: (line: string) => void;
}

/** @throws QschedError (failure) with the queue and the command that starts a worker, unless `wait` is set */
export async function requireWorkers({
  connection,
  address,
  namespace,
  models,
  wait,
  say,
}: RequireOptions): Promise<void> {
  const host = 'npx qsched up';
  const queues = [
    { queue: WORKFLOW_QUEUE, kind: 'workflow' as const, command: host },
    { queue: STORE_QUEUE, kind: 'activity' as const, command: host },
    ...models.map((model) => ({
      queue: modelQueue(model),
      kind: 'activity' as const,
      command: `npx qsched worker --model ${modelArgument(model)}${serverFlag(model)}`,
    })),
  ];
  for (;;) {
    const served = await Promise.all(queues.map(({ queue, kind }) => hasPollers(connection, namespace, queue, kind)));
    const absent = queues.filter((_, i) => !served[i]);
    const first = absent[0];
    if (first === undefined) return;
    if (!wait) {
      throw new QschedError(
        'failure',
        `No worker serves the queue "${first.queue}" at ${address}.`,
        `Start one: TEMPORAL_ADDRESS=${address} ${first.command} (or wait for one with --wait).`,
      );
    }
    say(`waiting for a worker on ${absent.map(({ queue }) => queue).join(', ')}; start one: ${first.command}`);
    await new Promise((done) => {
      setTimeout(done, LOOK_MILLISECONDS);
    });
  }
}
