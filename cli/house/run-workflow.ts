/**
 * Workflows of a short command: enter the house, run them one after another, leave.
 */
import { createHash } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { canonicalJson } from '../../spec/canonical-json.js';
import { QschedError } from '../../spec/errors.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { asQschedError } from '../follow/follow-workflow.js';
import { enterHouse } from './house.js';
import { say } from '../text/output.js';

/** Runs a workflow to its result; the same arguments have the same id. */
export type RunWorkflow = <T>(type: string, argument: unknown) => Promise<T>;

/** What a house is entered for. */
export interface VisitOptions { readonly models: readonly string[]; readonly wait?: boolean }

/**
 * @returns what `body` returns
 * @throws QschedError: a workflow failed, was cancelled, or Ctrl-C was pressed
 */
export async function visitHouse<T>({ models, wait = false }: VisitOptions, body: (run: RunWorkflow) => Promise<T>): Promise<T> {
  let interrupt: (error: Error) => void = () => undefined;
  const interrupted = new Promise<never>((_, fail) => { interrupt = fail; });
  interrupted.catch(() => undefined);
  const handler = (): void => interrupt(new QschedError('failure', 'Interrupted.', 'Run the command again: what it started is done again.'));
  process.once('SIGINT', handler);
  process.once('SIGTERM', handler);
  const house = await enterHouse({ models, scoring: undefined, say, wait });
  const run: RunWorkflow = async <R>(type: string, argument: unknown): Promise<R> => {
    const hash = createHash('sha256').update(canonicalJson(argument)).digest('hex').slice(0, 12);
    const handle = await house.client.workflow.start(type, { taskQueue: WORKFLOW_QUEUE, workflowId: `${type}-${hash}`, workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE, workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING, args: [argument] });
    try {
      return (await handle.result()) as R;
    } catch (error) {
      throw error instanceof WorkflowFailedError ? asQschedError(error, { what: type, comeBack: 'Run the command again.' }) : error;
    }
  };
  try {
    return await Promise.race([body(run), interrupted, house.broken]);
  } finally {
    await house.stop();
    process.off('SIGINT', handler);
    process.off('SIGTERM', handler);
  }
}
