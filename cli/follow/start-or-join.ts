/**
 * Workflows whose id is made from their content: the same command starts one, joins it while it runs, and runs it again.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';

/** @param staticSummary its title in the Temporal UI */
export const startOrJoin = (
  client: Client,
  type: 'evaluate' | 'gate' | 'match' | 'ptqd' | 'reproduce',
  workflowId: string,
  argument: unknown,
  staticSummary: string,
): Promise<WorkflowHandle> =>
  client.workflow.start(type, {
    taskQueue: WORKFLOW_QUEUE,
    workflowId,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    args: [argument],
    staticSummary,
  });
