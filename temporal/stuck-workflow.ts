/**
 * Why a workflow does not go on, as far as its server knows: a queue that nobody serves, a type that no worker has, an
 * activity that fails again and again.
 */
import { type Connection, type WorkflowExecutionDescription } from '@temporalio/client';
import { suggestion } from '../contract/suggestion.js';
import { hasPollers } from './pollers.js';
import { WORKFLOW_QUEUE } from './queues.js';

/** The workflows that our workers run. */
const WORKFLOW_TYPES: readonly string[] = ['search', 'evaluate', 'gate', 'reproduce', 'ptqd', 'match'];

/** Whether our workers can ever take a workflow up: it is of a type that they know, on their queue. */
export const isServable = (taskQueue: string, type: string): boolean => taskQueue === WORKFLOW_QUEUE && isKnown(type);

const isKnown = (type: string): boolean => [...WORKFLOW_TYPES, 'study', 'compare'].includes(type);

/** What is wrong, and what to do about it. */
export interface Trouble {
  readonly what: string;
  readonly advice: string;
}

/** States of the wire: temporal.api.enums.v1.PendingActivityState. */
const [SCHEDULED, STARTED] = [1, 2];

/**
 * @param described a workflow that runs
 * @param namespace of it
 * @returns nothing wrong: an empty list
 */
export async function whyStuck(
  connection: Connection,
  namespace: string,
  { type, taskQueue, workflowId, raw }: Pick<WorkflowExecutionDescription, 'type' | 'taskQueue' | 'workflowId' | 'raw'>,
): Promise<Trouble[]> {
  const again = (more: string): string =>
    `End it and start it again: temporal workflow terminate --workflow-id ${workflowId}, then temporal workflow start ${more}`;
  if (taskQueue !== WORKFLOW_QUEUE) {
    return [
      {
        what: `It waits on the task queue "${taskQueue}"; our workers serve "${WORKFLOW_QUEUE}".`,
        advice: again(`--task-queue ${WORKFLOW_QUEUE} --type ${type} ...`),
      },
    ];
  }
  if (!isKnown(type)) {
    return [
      {
        what: `No worker knows workflows of the type "${type}". ${suggestion(type, WORKFLOW_TYPES)}`.trim(),
        advice: again(`--task-queue ${WORKFLOW_QUEUE} --type search ...`),
      },
    ];
  }
  if (!(await hasPollers(connection, namespace, WORKFLOW_QUEUE, 'workflow'))) {
    return [
      { what: `No worker polls the task queue "${WORKFLOW_QUEUE}".`, advice: 'Start the workers: npx qsched up' },
    ];
  }
  const troubles: Trouble[] = [];
  const { attempt = 1 } = raw.pendingWorkflowTask ?? {};
  if ((attempt ?? 1) > 1) {
    troubles.push({
      what: `Its workflow task is tried for the ${attempt}th time: the workflow was changed since it was started, or it throws.`,
      advice: `End it, and continue it from the database: temporal workflow terminate --workflow-id ${workflowId}; npx qsched resume ${workflowId}`,
    });
  }
  const waiting = new Set<string>();
  const works = (raw.pendingActivities ?? []).some(({ state }) => state === STARTED);
  for (const { activityType, state, attempt: tries = 1, lastFailure } of raw.pendingActivities ?? []) {
    const name = activityType?.name ?? 'activity';
    if (lastFailure?.message) {
      troubles.push({
        what: `The activity "${name}" failed ${(tries ?? 1) - 1} times, last with: ${lastFailure.message}`,
        advice: 'See the attempts in the Temporal UI.',
      });
    } else if (state === SCHEDULED && !works && !waiting.has(name)) {
      waiting.add(name);
      troubles.push({
        what: `The activity "${name}" waits for a worker.`,
        advice: 'It begins once a worker is free. If none serves the model: npx qsched worker --model NAME',
      });
    }
  }
  return troubles;
}
