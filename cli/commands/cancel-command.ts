/**
 * `qsched cancel`: ends a search, an evaluation, a fit or a reproduction for good. What is scored stays stored. A row whose
 * workflow is gone is brought in line.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { QschedError } from '../../contract/errors.js';
import { closeRun, findRun } from '../../db/runs.js';
import { closeSearch, findSearch } from '../../db/searches.js';
import { connectTemporal } from '../../temporal/connect.js';
import { hasPollers } from '../../temporal/pollers.js';
import { isServable } from '../../temporal/stuck-workflow.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { withAnyStore, withWritableStore } from '../input/stored-search.js';
import { wholeSearchId } from '../input/whole-ids.js';
import { print, printJson, say, type GlobalOptions } from '../text/output.js';

/** Workers that are there end a workflow within this. */
const WITHIN_MILLISECONDS = 15_000;
const LOOK_MILLISECONDS = 200;
const OPEN: readonly string[] = ['running', 'paused'];

/** How a cancellation came out: `closing` means that no worker has taken it up yet. */
type Outcome = 'cancelled' | 'closing' | 'gone';

const TEXTS: Readonly<Record<Outcome, string>> = {
  cancelled: 'was cancelled.',
  closing: 'is cancelled: it ends as soon as workers run again.',
  gone: 'had no workflow any more; it is marked as cancelled.',
};

/** @returns the exit code */
export async function cancelCommand(named: string, flags: GlobalOptions): Promise<number> {
  const id = wholeSearchId(named);
  const row = withAnyStore((store) => findSearch(store, id) ?? findRun(store, id));
  // The server may not run: what it would take up again when it starts must not.
  const { client, connection, server, nativeAddress } = await connectTemporal({ start: true, onProgress: say });
  let outcome: Outcome;
  try {
    const served =
      server === null && (await hasPollers(connection, nativeAddress.namespace, WORKFLOW_QUEUE, 'workflow'));
    outcome = await cancel(client, id, { open: row !== undefined && OPEN.includes(row.status), served });
  } finally {
    await connection.close();
    await server?.stop();
  }
  if (outcome !== 'cancelled' && row !== undefined) markCancelled(id);
  const comeBack = row !== undefined && 'optimizer' in row ? ` Continue it with: npx qsched resume ${id}` : '';
  if (flags.json) printJson({ id, outcome });
  else print(`${id} ${TEXTS[outcome]} What is scored stays stored.${comeBack}`);
  return 0;
}

/** What is known before: whether its row says that it runs, and whether workers are there to end it. */
interface Known {
  readonly open: boolean;
  readonly served: boolean;
}

async function cancel(client: Client, id: string, { open, served }: Known): Promise<Outcome> {
  const handle = client.workflow.getHandle(id);
  let servable = true;
  const status = async (): Promise<string | null> => {
    try {
      const { status: now, taskQueue, type } = await handle.describe();
      servable = isServable(taskQueue, type);
      return now.name;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  };
  const before = await status();
  if (before !== 'RUNNING') {
    if (open) return 'gone';
    throw new QschedError(
      'usage',
      before === null ? `There is no workflow "${id}".` : `"${id}" does not run: it ended as ${before}.`,
      'See npx qsched status, or the list in the Temporal UI.',
    );
  }
  if (!servable) {
    // No worker would ever hear of a cancellation.
    await handle.terminate('It was cancelled by hand.');
    return 'cancelled';
  }
  await handle.cancel();
  for (const deadline = Date.now() + WITHIN_MILLISECONDS; served && Date.now() < deadline;) {
    if ((await status()) !== 'RUNNING') return 'cancelled';
    await sleep(LOOK_MILLISECONDS);
  }
  return 'closing';
}

/** The one writer does not run, or knows nothing of the workflow. */
function markCancelled(id: string): void {
  const end = { status: 'cancelled', message: 'It was cancelled by hand.' } as const;
  withWritableStore((store) => {
    const search = findSearch(store, id);
    if (search !== undefined) {
      if (OPEN.includes(search.status)) closeSearch(store, id, end);
    } else if (OPEN.includes(findRun(store, id)?.status ?? '')) closeRun(store, id, end);
  });
}
