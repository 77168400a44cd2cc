/**
 * What keeps a workflow waiting: activities that failed and are tried again.
 */
import type { Client } from '@temporalio/client';

/** Tries after which a failure is told. */
const MIN_TRIES = 2;

/** What failed last of activities that are tried again, a sentence each; none where a workflow is not there. */
export async function troubles(client: Client, workflowIds: readonly string[]): Promise<string[]> {
  const all = await Promise.all(workflowIds.map((id) => troublesOf(client, id).catch((): string[] => [])));
  return [...new Set(all.flat())];
}

async function troublesOf(client: Client, workflowId: string): Promise<string[]> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return (raw.pendingActivities ?? []).flatMap(({ attempt, activityType, lastFailure }) => {
    const message = lastFailure?.message ?? '';
    if ((attempt ?? 0) < MIN_TRIES || message === '') return [];
    return [`${activityType?.name ?? 'an activity'} failed and is tried again: ${message}`];
  });
}
