/**
 * Who serves a task queue.
 */
import type { Connection } from '@temporalio/client';

/** The wire's numbers: temporal.api.enums.v1.TaskQueueType. */
const TASK_QUEUE_TYPE = { workflow: 1, activity: 2 } as const;

/** A worker polls at least once a minute; one that has not polled for longer is gone. */
const SEEN_WITHIN_MS = 70_000;

/**
 * Whether at least one worker polls a queue.
 *
 * @param kind type of task: a worker serves workflow tasks, activity tasks, or both
 * @param now milliseconds since 1970, for tests
 */
export async function hasPollers(
  connection: Connection,
  namespace: string,
  queue: string,
  kind: keyof typeof TASK_QUEUE_TYPE,
  now: number = Date.now(),
): Promise<boolean> {
  return (await pollersOf(connection, namespace, queue, kind, now)).length > 0;
}

/**
 * How many workers poll a queue for activities: the number of distinct poller identities, where a process has one
 * identity however many polls it has open. A worker that died counts until {@link SEEN_WITHIN_MS} after its last poll.
 *
 * @param now milliseconds since 1970, for tests
 */
export async function countPollers(
  connection: Connection,
  namespace: string,
  queue: string,
  now: number = Date.now(),
): Promise<number> {
  const pollers = await pollersOf(connection, namespace, queue, 'activity', now);
  return new Set(pollers.map(({ identity }) => identity)).size;
}

async function pollersOf(
  { workflowService }: Connection,
  namespace: string,
  queue: string,
  kind: keyof typeof TASK_QUEUE_TYPE,
  now: number,
) {
  const { pollers } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: TASK_QUEUE_TYPE[kind],
  });
  return (pollers ?? []).filter(
    ({ lastAccessTime }) => now - Number(lastAccessTime?.seconds ?? 0) * 1000 < SEEN_WITHIN_MS,
  );
}
