/**
 * What runs, as the Temporal server knows it: a database keeps the status of a search whose workers or server were killed.
 */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { messageOf } from '../../contract/errors.js';
import { configuredServer, connectTemporal } from '../../temporal/connect.js';
import { hasPollers } from '../../temporal/pollers.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';

/** What a server says about searches that the database has as running. */
export interface Reconciled {
  /** `interrupted`: its workflow has ended or does not exist, or the server that ran it is off. */
  readonly states: ReadonlyMap<string, 'running' | 'interrupted'>;
  /** What a reader should know, such as a server that does not answer: the rest of the searches is not confirmed. */
  readonly note: string | null;
}

/** Asks about searches that are stored as running. */
export async function reconcile(ids: readonly string[]): Promise<Reconciled> {
  const configured = configuredServer();
  try {
    const { connection, client, nativeAddress } = await connectTemporal({ start: false, onProgress: () => undefined });
    try {
      const states = new Map<string, 'running' | 'interrupted'>();
      for (const id of ids) states.set(id, (await runs(client, id)) ? 'running' : 'interrupted');
      const { address, namespace } = nativeAddress;
      const waits = [...states.values()].includes('running');
      const served = !waits || (await hasPollers(connection, namespace, WORKFLOW_QUEUE, 'workflow'));
      return { states, note: served ? null : `no worker serves the searches at ${address}: npx qsched up` };
    } finally {
      await connection.close();
    }
  } catch (error) {
    // Our own server is off: nothing can run.
    if (configured === null) return { states: new Map(ids.map((id) => [id, 'interrupted'])), note: null };
    return { states: new Map(), note: `whether searches are running is not known: ${messageOf(error)}` };
  }
}

async function runs(client: Client, id: string): Promise<boolean> {
  try {
    return ['RUNNING', 'PAUSED'].includes((await client.workflow.getHandle(id).describe()).status.name);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
