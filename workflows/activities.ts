/**
 * Handles on the activities, with every timeout declared.
 */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { ModelActivities, ScoreActivities, StoreActivities } from '../activities/index.js';
import { modelQueue, STORE_QUEUE } from '../temporal/queues.js';

/** The store answers in milliseconds; a locked file or a stopped worker is waited for. */
export const store = proxyActivities<StoreActivities>({
  taskQueue: STORE_QUEUE,
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds', maximumAttempts: 60 },
});

/** `prepare` on whoever serves the model; nobody within `waitSeconds` is a failure. */
export const modelActivities = (model: string, waitSeconds: number) =>
  proxyActivities<ModelActivities>({
    taskQueue: modelQueue(model),
    startToCloseTimeout: '30 minutes',
    scheduleToStartTimeout: `${waitSeconds} seconds`,
    retry: { maximumAttempts: 20, maximumInterval: '30 seconds' },
  });

/**
 * `score` on workers with exactly the prepared files. A worker that dies is noticed by its
 * missing heartbeat; the work goes to another.
 *
 * @param waitSeconds a limit on waiting for a first worker, or null to wait for as long as it takes
 */
export const scoreActivities = (queue: string, waitSeconds: number | null) =>
  proxyActivities<ScoreActivities>({
    taskQueue: queue,
    startToCloseTimeout: '12 hours',
    heartbeatTimeout: '8 seconds',
    ...(waitSeconds === null ? {} : { scheduleToStartTimeout: `${waitSeconds} seconds` as const }),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '20 seconds', maximumAttempts: 50 },
  });
