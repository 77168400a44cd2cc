/**
 * Starting and following a search.
 */
import { type Client, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import type { SearchProgress } from '../../contract/search-result.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import type { Followed } from './follow-workflow.js';

/** Whether the workflow of a search runs now. */
export async function isRunning(client: Client, searchId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(searchId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/**
 * Starts the workflow. One that runs already is left as it is.
 *
 * @param search the workflow's input, and its title in the Temporal UI
 * @param replace ends a running workflow of this id first; everything that it scored is in the database
 */
export async function startSearch(
  client: Client,
  searchId: string,
  { input, title }: { readonly input: unknown; readonly title: string },
  replace = false,
): Promise<void> {
  try {
    await client.workflow.start('search', {
      taskQueue: WORKFLOW_QUEUE,
      workflowId: searchId,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      workflowIdConflictPolicy: replace ? WorkflowIdConflictPolicy.TERMINATE_EXISTING : WorkflowIdConflictPolicy.FAIL,
      args: [input],
      staticSummary: title,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

/** How a search is followed. */
export const followedSearch = (searchId: string): Followed => ({
  id: searchId,
  what: 'search',
  comeBack: `Resume with: npx qsched resume ${searchId}`,
  parts: () => [searchId, `${searchId}-control`],
  ask: async (handle) => {
    const progress = await handle.query<SearchProgress>('progress');
    return (line) => line.show(progress);
  },
});
