/**
 * Starting and following a search.
 */
import {
  type Client,
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { linearIdOf } from '../../contract/linear-first.js';
import type { SearchProgress } from '../../contract/search-result.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { say } from '../text/output.js';
import { describeSearch, partOf } from './describe-search.js';
import type { Followed } from './follow-workflow.js';
import { sendUpdate } from './send-update.js';
import { shareDone } from './share-done.js';

/** Whether a workflow runs now. */
export async function isRunning(client: Client, id: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(id).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/**
 * Lets a search that runs go on: one that a person holds is let go, and one with a larger budget is extended.
 *
 * @param budget null: it stays as it is
 * @throws QschedError (usage): the search refuses the budget
 */
export async function goOn(client: Client, searchId: string, budget: number | null): Promise<void> {
  const { paused = false } = await client.workflow.getHandle(searchId).query<SearchProgress>('progress');
  const steered = { id: searchId, what: 'search' } as const;
  if (paused) say(await sendUpdate(client, steered, 'unpause'));
  if (budget !== null) say(await sendUpdate(client, steered, 'extend', budget));
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

/**
 * How a search is followed, with the searches that it runs itself: its id, and whether full precision is searched too.
 */
export function followedSearch(searchId: string, { control }: Pick<SearchSpec, 'control'>): Followed {
  const [controlId, linearId] = [`${searchId}-control`, linearIdOf(searchId)];
  return {
    id: searchId,
    what: 'search',
    comeBack: `Resume with: npx qsched resume ${searchId}`,
    parts: () => [searchId, controlId, linearId],
    ask: async (handle) => {
      const progress = await handle.query<SearchProgress>('progress');
      const starts = progress.stage === 'start';
      const shown = {
        progress,
        control: control === 'search' && !starts ? await progressOf(handle.client, controlId) : null,
        linear: starts ? await progressOf(handle.client, linearId) : null,
        matched: starts ? await shareDone(handle) : null,
      };
      return (line) => line.note(describeSearch(shown), partOf(shown));
    },
  };
}

/** The progress of a search that may not exist, or have ended. */
async function progressOf(client: WorkflowClient, id: string): Promise<SearchProgress | null> {
  try {
    const progress = await client.getHandle(id).query<SearchProgress>('progress');
    return progress.status === 'running' ? progress : null;
  } catch {
    return null;
  }
}
