/**
 * Why a workflow waits: activities that failed and are retried.
 */
import type { Client } from '@temporalio/client';

/** Attempts after which a failure is reported. */
const MIN_ATTEMPTS = 2;

/** The last failures of activities that are retried, one sentence each; none for workflows that do not exist. */
export async function troubles(client: Client, workflowIds: readonly string[]): Promise<string[]> {
  const all = await Promise.all(workflowIds.map((id) => troublesOf(client, id).catch((): string[] => [])));
  return [...new Set(all.flat())];
}

async function troublesOf(client: Client, workflowId: string): Promise<string[]> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return (raw.pendingActivities ?? []).flatMap(({ attempt, activityType, lastFailure }) => {
    const message = lastFailure?.message ?? '';
    if ((attempt ?? 0) < MIN_ATTEMPTS || message === '') return [];
    return [`${activityType?.name ?? 'an activity'} failed and is being retried: ${message}`];
  });
}
