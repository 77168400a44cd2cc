/**
 * The handle of a search that runs on a server.
 */
import { WorkflowFailedError } from '@temporalio/client';
import { asQschedError, type Followed } from '../cli/follow/follow-workflow.js';
import type { Host } from '../cli/host/host.js';
import { messageOf, QschedError } from '../contract/errors.js';
import type { SearchProgress, SearchResult } from '../contract/search-result.js';
import type { SearchHandle } from './search-handle.js';

/** A server that is silent for longer is gone. */
const OUTAGE_MILLISECONDS = 60_000;
const AGAIN_MILLISECONDS = 1000;

/** @param host whose workers this handle stops when it is closed, if they are its own */
export function runningSearch(host: Host, followed: Followed): SearchHandle {
  const { id } = followed;
  const handle = host.client.workflow.getHandle(id);
  let closing: Promise<void> | undefined;
  let outcome: Promise<SearchResult> | undefined;
  const ended = (): Promise<SearchResult> => (outcome ??= resultOf());
  const close = (): Promise<void> => (closing ??= host.stop());
  return {
    id,
    database: host.database,
    temporalUi: host.uiUrl === null ? null : `${host.uiUrl}/namespaces/${host.namespace}/workflows/${id}`,
    async progress() {
      try {
        return await handle.query<SearchProgress>('progress');
      } catch (error) {
        throw new QschedError('failure', `No worker answers for ${id}: ${messageOf(error)}`, followed.comeBack);
      }
    },
    async result() {
      try {
        return await Promise.race([ended(), host.broken, host.deserted.then(() => Promise.reject(deserted()))]);
      } finally {
        await close();
      }
    },
    async cancel() {
      try {
        await handle.cancel();
        await ended().catch(() => undefined);
      } finally {
        await close();
      }
    },
    close,
  };

  async function resultOf(): Promise<SearchResult> {
    let answeredAt = Date.now();
    for (;;) {
      const asked = Date.now();
      try {
        return (await handle.result()) as SearchResult;
      } catch (error) {
        if (error instanceof WorkflowFailedError) throw asQschedError(error, followed);
        // A call that was open for a while had an answer until it broke.
        if (Date.now() - asked > AGAIN_MILLISECONDS) answeredAt = Date.now();
        if (closing !== undefined || Date.now() - answeredAt > OUTAGE_MILLISECONDS) {
          throw new QschedError(
            'failure',
            `The Temporal server no longer answers: ${messageOf(error)}`,
            followed.comeBack,
          );
        }
        await new Promise((again) => {
          setTimeout(again, AGAIN_MILLISECONDS);
        });
      }
    }
  }

  function deserted(): QschedError {
    return new QschedError(
      'failure',
      'The process that ran the workers has gone; everything scored so far is stored.',
      'Start the search again with the same spec: it continues.',
    );
  }
}
