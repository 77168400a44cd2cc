/**
 * Following a workflow to its end: shows its progress, and waits for a server that is away for a minute.
 */
import { type Client, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { messageOf, QschedError } from '../../contract/errors.js';
import { fullDisk } from '../host/full-disk.js';
import { say } from '../text/output.js';
import type { ProgressLine } from './progress-line.js';
import { troubles } from './trouble.js';

const POLL_MILLISECONDS = 1000;
const ANSWER_MILLISECONDS = 3000;
const OUTAGE_MILLISECONDS = 60_000;
/** A call that took longer than this had reached the server. */
const QUICK_MILLISECONDS = 30_000;
/** Maximum number of failures to report. */
const MAX_TROUBLES = 20;

/** A workflow to follow. */
export interface Followed {
  readonly id: string;
  /** What messages call it: search, evaluation, study, fit. */
  readonly what: string;
  /** How to continue it, for example "Resume with the same command". */
  readonly comeBack: string;
  /** Asks for its progress. @returns a function that shows the answer */
  readonly ask: (handle: WorkflowHandle) => Promise<(line: ProgressLine) => void>;
  /** Workflows that work for it at present; by default itself. */
  readonly parts?: () => readonly string[];
}

/**
 * @param signal stops following; the promise remains pending then
 * @returns the workflow's result
 * @throws QschedError: the workflow failed, was cancelled or terminated, or no server answered for a minute
 */
export async function followWorkflow<R>(
  client: Client,
  followed: Followed,
  line: ProgressLine,
  signal: AbortSignal,
): Promise<R> {
  const handle = client.workflow.getHandle(followed.id);
  let over = false;
  let answeredAt = Date.now();
  const told = new Set<string>();
  void poll();
  try {
    return await resultOf();
  } finally {
    over = true;
  }

  async function poll(): Promise<void> {
    while (!over && !signal.aborted) {
      const show = await Promise.race([followed.ask(handle).catch(() => null), later(ANSWER_MILLISECONDS)]);
      if (over || signal.aborted) return;
      if (typeof show === 'function') {
        answeredAt = Date.now();
        show(line);
        await tellTroubles();
      } else {
        const why = fullDisk();
        const whom = show === null ? 'server' : 'workers';
        line.note(`waiting for the ${whom}${why === null ? '' : `: ${why}, free some space`}`);
      }
      await later(POLL_MILLISECONDS);
    }
  }

  /** Reports each failure once. */
  async function tellTroubles(): Promise<void> {
    const found = await Promise.race([
      troubles(client, followed.parts?.() ?? [followed.id]),
      later(ANSWER_MILLISECONDS),
    ]);
    for (const trouble of found ?? []) {
      if (over || told.has(trouble) || told.size === MAX_TROUBLES) continue;
      told.add(trouble);
      say(trouble);
    }
  }

  async function resultOf(): Promise<R> {
    for (;;) {
      const asked = Date.now();
      try {
        // Without the signal: the SDK would add a listener to it for each of the many calls, and never remove one.
        return (await handle.result()) as R;
      } catch (error) {
        if (signal.aborted) return new Promise(() => undefined);
        if (error instanceof WorkflowFailedError) throw asQschedError(error, followed);
        if (Date.now() - asked > QUICK_MILLISECONDS) answeredAt = Math.max(answeredAt, asked + QUICK_MILLISECONDS);
        if (Date.now() - answeredAt > OUTAGE_MILLISECONDS) throw silent(error, followed);
        await later(POLL_MILLISECONDS);
      }
    }
  }
}

function silent(error: unknown, { comeBack }: Followed): QschedError {
  const why = fullDisk();
  return new QschedError(
    'failure',
    `The Temporal server no longer answers: ${why ?? messageOf(error)}`,
    `${why === null ? '' : 'Free some space. '}Everything stored is safe. ${comeBack}`,
  );
}

/** How a workflow failed, as a sentence. */
export function asQschedError({ cause }: WorkflowFailedError, { what, comeBack }: Followed): QschedError {
  if (cause instanceof CancelledFailure) return new QschedError('failure', `The ${what} was cancelled.`, comeBack);
  if (cause instanceof TerminatedFailure) {
    return new QschedError('failure', `The ${what} was terminated: ${cause.message}`, comeBack);
  }
  if (cause instanceof ApplicationFailure) {
    return new QschedError(cause.type === 'usage' ? 'usage' : 'failure', cause.message, '');
  }
  return new QschedError('failure', messageOf(cause), 'See the workflow in the Temporal UI.');
}

const later = (milliseconds: number): Promise<undefined> =>
  new Promise((done) => {
    setTimeout(() => done(undefined), milliseconds);
  });
