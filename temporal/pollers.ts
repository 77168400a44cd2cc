/**
 * Whether anybody serves a task queue.
 */
import type { Connection } from '@temporalio/client';

/** The wire's numbers: temporal.api.enums.v1.TaskQueueType. */
const TASK_QUEUE_TYPE = { workflow: 1, activity: 2 } as const;

/** A worker polls at least once a minute; one that was not seen for longer has gone. */
const SEEN_WITHIN_MS = 70_000;

/**
 * Asks the server who polls a queue.
 *
 * @param kind which tasks: workers serve workflow tasks, activity tasks, or both
 * @param now milliseconds since 1970, for tests
 */
export async function hasPollers(
  connection: Connection,
  namespace: string,
  queue: string,
  kind: keyof typeof TASK_QUEUE_TYPE,
  now: number = Date.now(),
): Promise<boolean> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: TASK_QUEUE_TYPE[kind],
  });
  return (pollers ?? []).some(
    ({ lastAccessTime }) => now - Number(lastAccessTime?.seconds ?? 0) * 1000 < SEEN_WITHIN_MS,
  );
}
