/**
 * Handles on the activities, with every timeout declared.
 */
import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { ComputeActivities, ModelActivities, ScoreActivities, StoreActivities } from '../activities/index.js';
import { COMPUTE_QUEUE, modelQueue, STORE_QUEUE } from '../temporal/queues.js';

const { ceil } = Math;

/** What the store does is repeated for as long as a file is locked or a disk full: about ten minutes. */
const STORE_RETRY = {
  initialInterval: '200 milliseconds',
  maximumInterval: '10 seconds',
  maximumAttempts: 60,
} as const;
/** A worker that died is noticed after this. */
const HEARTBEAT = '8 seconds';
/** Rows that the store reads or writes in a second, on a slow machine. */
const ROWS_PER_SECOND = 5000;

/**
 * The store, which answers in milliseconds: a process that was killed meanwhile is not waited for much longer.
 *
 * @param rows evaluations that the call reads or writes at most
 */
export const storeActivities = (rows: number) =>
  proxyActivities<StoreActivities>({
    taskQueue: STORE_QUEUE,
    startToCloseTimeout: `${8 + ceil(rows / ROWS_PER_SECOND)} seconds`,
    retry: STORE_RETRY,
  });

/** The store, for calls whose size is not known beforehand. */
export const store = storeActivities(60_000);

/** `describe` on whoever serves the model; nobody within `waitSeconds` is a failure. */
export const modelActivities = (model: string, waitSeconds: number) =>
  proxyActivities<ModelActivities>({
    taskQueue: modelQueue(model),
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: HEARTBEAT,
    scheduleToStartTimeout: `${waitSeconds} seconds`,
    retry: { initialInterval: '500 milliseconds', maximumAttempts: 20, maximumInterval: '10 seconds' },
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
    heartbeatTimeout: HEARTBEAT,
    ...(waitSeconds === null ? {} : { scheduleToStartTimeout: `${waitSeconds} seconds` as const }),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds', maximumAttempts: 50 },
  });

/** What takes longer than the store may: verdicts, summaries, proposals of optimizers that take their time. */
export const computeActivities = () =>
  proxyActivities<ComputeActivities>({
    taskQueue: COMPUTE_QUEUE,
    startToCloseTimeout: '12 hours',
    heartbeatTimeout: HEARTBEAT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds', maximumAttempts: 50 },
  });
