/**
 * Starting a study, and following it to its end: the same command joins what runs, and goes on with what was interrupted.
 */
import { createHash } from 'node:crypto';
import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { canonicalJson } from '../../spec/canonical-json.js';
import { messageOf, QschedError } from '../../spec/errors.js';
import type { EvaluateProgress } from '../../spec/evaluate-payloads.js';
import type { SearchProgress } from '../../spec/payloads.js';
import type { StudyChild, StudyInput, StudyProgress, StudyResult } from '../../spec/study-spec.js';
import type { StudyPlan } from '../../studies/study-plan.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { asQschedError } from './follow.js';
import { enterHouse } from '../house/house.js';
import { say } from '../text/output.js';
import { ProgressLine } from './progress-line.js';

const POLL_MILLISECONDS = 1500;
const ANSWER_MILLISECONDS = 3000;
const OUTAGE_MILLISECONDS = 60_000;
const QUICK_MILLISECONDS = 30_000;

/** A study to run. */
export interface StudyRun { readonly input: StudyInput; readonly plan: StudyPlan; readonly models: readonly string[]; readonly wait: boolean }

/** The same study with the same options has the same id. */
export const studyIdOf = (input: StudyInput): string => `study-${input.name}-${createHash('sha256').update(canonicalJson(input)).digest('hex').slice(0, 12)}`;

/**
 * Runs a study to its end.
 *
 * @returns its result; null where Ctrl-C was pressed
 * @throws QschedError: the study or the house failed
 */
export async function runStudy({ input, plan, models, wait }: StudyRun): Promise<StudyResult | null> {
  const id = studyIdOf(input);
  const line = new ProgressLine();
  const interruption = onInterrupt();
  say(`study ${plan.name}: ${plan.fits.length + plan.searches.length} fits and searches, then ${plan.rows.length} rows`);
  try {
    for (;;) {
      line.note('getting the server and the workers ready');
      const entered = enterHouse({ models, scoring: undefined, say, wait });
      const house = await Promise.race([entered, interruption.happened]);
      const following = new AbortController();
      try {
        if (house === undefined) return leave(line, true);
        if (house.uiUrl !== null) say(`watch it: ${house.uiUrl}/namespaces/${house.namespace}/workflows/${id}`);
        const handle = await start(house.client, id, input, plan);
        void showProgress(house.client, handle, line, following.signal);
        const outcome = await Promise.race([resultOf(house.client, handle, following.signal), interruption.happened, house.broken, house.deserted.then(() => 'deserted' as const)]);
        if (outcome === undefined) return leave(line, house.ours);
        if (outcome !== 'deserted') return outcome;
        say('the process that ran the workers has gone; this one takes its place');
      } finally {
        following.abort();
        await (house ?? (await entered.catch(() => undefined)))?.stop();
      }
    }
  } finally {
    line.end();
    interruption.forget();
  }
}

function leave(line: ProgressLine, ours: boolean): null {
  line.end();
  say(ours ? 'interrupted; everything scored so far is stored. Go on with the same command' : 'the study goes on without us. Follow it with the same command');
  return null;
}

function start(client: Client, id: string, input: StudyInput, plan: StudyPlan): Promise<WorkflowHandle> {
  return client.workflow.start('study', {
    taskQueue: WORKFLOW_QUEUE, workflowId: id, args: [input], staticSummary: plan.title,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE, workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  });
}

/** The result; a server that is away is waited for, for a minute. */
async function resultOf(client: Client, handle: WorkflowHandle, signal: AbortSignal): Promise<StudyResult> {
  let answeredAt = Date.now();
  for (;;) {
    const asked = Date.now();
    try {
      return (await client.withAbortSignal(signal, () => handle.result())) as StudyResult;
    } catch (error) {
      if (error instanceof WorkflowFailedError) throw endOf(error);
      if (signal.aborted) return new Promise(() => undefined);
      if (Date.now() - asked > QUICK_MILLISECONDS) answeredAt = Date.now(); // a call that lasted had reached the server
      if (Date.now() - answeredAt > OUTAGE_MILLISECONDS) throw new QschedError('failure', `The Temporal server does not answer any more: ${messageOf(error)}`, 'What is stored is safe: the same command goes on.');
      await later(POLL_MILLISECONDS);
    }
  }
}

function endOf(error: WorkflowFailedError): QschedError {
  const how = error.cause instanceof CancelledFailure ? 'cancelled' : error.cause instanceof TerminatedFailure ? 'terminated' : null;
  return how === null ? asQschedError(error) : new QschedError('failure', `The study was ${how}.`, 'Run the same command again: it goes on.');
}

/** `3 of 18 fits and searches; Q-Sched, TCD, 4 steps: 40 of 100`. */
async function showProgress(client: Client, handle: WorkflowHandle, line: ProgressLine, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const progress = await answer(handle.query<StudyProgress>('progress'));
    const children = progress === null ? [] : await Promise.all(progress.running.map((child) => childText(client, child)));
    if (signal.aborted) return;
    if (progress === null) line.note('waiting for the workers');
    else line.note([progress.stage === 'search' ? `${progress.done} of ${progress.total} fits and searches` : `${progress.rows} rows`, ...children].join('; '));
    await later(POLL_MILLISECONDS);
  }
}

async function childText(client: Client, { kind, id, label }: StudyChild): Promise<string> {
  if (kind === 'ptqd') return label;
  const progress = await answer(client.workflow.getHandle(id).query<SearchProgress | EvaluateProgress>('progress'));
  if (progress === null) return label;
  if ('told' in progress) return `${label}: ${progress.stage === 'search' ? `${progress.told} of ${progress.budget}` : progress.stage}`;
  return progress.stage === 'render' ? `${progress.done} of ${progress.pictures} pictures` : progress.stage;
}

/** What a query answers in time; null where it does not. */
const answer = <T>(query: Promise<T>): Promise<T | null> => Promise.race([query.catch(() => null), later(ANSWER_MILLISECONDS).then(() => null)]);

function onInterrupt(): { happened: Promise<undefined>; forget: () => void } {
  let resolve: (value: undefined) => void = () => undefined;
  const happened = new Promise<undefined>((done) => { resolve = done; });
  let times = 0;
  const handler = (): void => {
    times += 1;
    if (times > 1) {
      say('stopped at once. Go on with the same command');
      process.exit(130);
    }
    say('\nstopping; press Ctrl-C again to leave at once');
    resolve(undefined);
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return { happened, forget: () => { process.off('SIGINT', handler); process.off('SIGTERM', handler); } };
}

const later = (milliseconds: number): Promise<void> => new Promise((done) => { setTimeout(done, milliseconds).unref(); });
