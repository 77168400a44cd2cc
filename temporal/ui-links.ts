/**
 * Pages of the Temporal UI.
 */
import type { Client } from '@temporalio/client';

/** A server with its UI. */
export interface UiPlace {
  readonly client: Client;
  /** Null if unknown. */
  readonly uiUrl: string | null;
  readonly namespace: string;
}

/** The page of a workflow's latest run that shows its current details; null if the UI's address is unknown. */
export async function detailsPage({ client, uiUrl, namespace }: UiPlace, workflowId: string): Promise<string | null> {
  if (uiUrl === null) return null;
  const { runId } = await client.workflow.getHandle(workflowId).describe();
  return `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}/${runId}/user-metadata`;
}
