/**
 * Workflows whose id is made from their content: the same command starts one, joins it while it runs, and runs it again.
 */
import { createHash } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { canonicalJson } from '../../contract/canonical-json.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';

/** The first digits of the sha256 of plain JSON, whatever the order of its keys. */
export const contentHash = (value: unknown, digits = 12): string =>
  createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, digits);

/** @param staticSummary what the Temporal UI calls it */
export function startOrJoin(
  client: Client,
  type: string,
  workflowId: string,
  argument: unknown,
  staticSummary?: string,
): Promise<WorkflowHandle> {
  return client.workflow.start(type, {
    taskQueue: WORKFLOW_QUEUE,
    workflowId,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    args: [argument],
    ...(staticSummary === undefined ? {} : { staticSummary }),
  });
}
