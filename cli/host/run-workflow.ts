/**
 * Workflows of a short command: enter the host, run them one after another, leave.
 */
import { WorkflowFailedError } from '@temporalio/client';
import { asQschedError } from '../follow/follow-workflow.js';
import { onInterrupt } from '../follow/interruption.js';
import { contentHash, startOrJoin } from '../follow/start-or-join.js';
import { say } from '../text/output.js';
import { enterHost, type Host } from './host.js';

/** Runs a workflow to its result; the same arguments have the same id. */
export type RunWorkflow = <T>(type: string, argument: unknown) => Promise<T>;

/** What a host is entered for. */
export interface VisitOptions {
  readonly models: readonly string[];
  readonly wait?: boolean;
}

/** How to continue after an interruption. */
const COME_BACK = 'Run the command again: what was not finished is done again';

/**
 * @returns what `body` returns, or null where Ctrl-C was pressed
 * @throws QschedError: a workflow failed or was cancelled, or the host failed
 */
export async function visitHost<T>(
  { models, wait = false }: VisitOptions,
  body: (run: RunWorkflow) => Promise<T>,
): Promise<{ readonly result: T } | null> {
  const interruption = onInterrupt(COME_BACK);
  try {
    const entered = enterHost({ models, scoring: undefined, say, wait });
    const host = await Promise.race([entered, interruption.happened]);
    if (host === undefined) {
      await (await entered.catch(() => undefined))?.stop();
      return interrupted();
    }
    try {
      const work = body(runIn(host)).then((result) => ({ result }));
      const outcome = await Promise.race([work, interruption.happened, host.broken]);
      return outcome ?? interrupted();
    } finally {
      await host.stop();
    }
  } finally {
    interruption.forget();
  }
}

function interrupted(): null {
  say(`interrupted. ${COME_BACK}`);
  return null;
}

const runIn =
  (host: Host): RunWorkflow =>
  async <R>(type: string, argument: unknown): Promise<R> => {
    const handle = await startOrJoin(host.client, type, `${type}-${contentHash(argument)}`, argument);
    try {
      return (await handle.result()) as R;
    } catch (error) {
      throw error instanceof WorkflowFailedError
        ? asQschedError(error, { what: type, comeBack: 'Run the command again.' })
        : error;
    }
  };
