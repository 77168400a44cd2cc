/**
 * Runs an evaluation's workflow from start to end, with progress on stderr; survives a server that is away for a minute.
 */
import { createHash } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { canonicalJson } from '../../spec/canonical-json.js';
import { messageOf, QschedError } from '../../spec/errors.js';
import type { EvaluateProgress } from '../../spec/evaluate-payloads.js';
import type { EvaluateResult, EvaluateSpec } from '../../spec/evaluate-spec.js';
import { WORKFLOW_QUEUE } from '../../temporal/queues.js';
import { enterHouse, type House } from '../house/house.js';
import { say } from '../text/output.js';
import { ProgressLine } from './progress-line.js';

const POLL_MILLISECONDS = 1000;
const ANSWER_MILLISECONDS = 3000;
const OUTAGE_MILLISECONDS = 60_000;
const QUICK_MILLISECONDS = 30_000;

/** The same spec has the same id: `evaluate-1a2b3c4d5e6f`. */
export const evaluateIdOf = (spec: EvaluateSpec): string => `evaluate-${createHash('sha256').update(canonicalJson(spec)).digest('hex').slice(0, 12)}`;

/** How a run ended: with a table, or by Ctrl-C. */
export type RunOutcome = { readonly result: EvaluateResult; readonly house: Pick<House, 'database' | 'uiUrl' | 'namespace'> } | 'interrupted';

/** What a run is started with. */
export interface RunOptions {
  readonly workers: number | undefined;
  readonly wait: boolean;
}

/**
 * Enters the house, starts the workflow or joins the one that runs, and follows it.
 *
 * @throws QschedError: the workflow failed, was cancelled, or no server answers
 */
export async function runEvaluate(spec: EvaluateSpec, { workers, wait }: RunOptions): Promise<RunOutcome> {
  const id = evaluateIdOf(spec);
  const line = new ProgressLine();
  const interruption = onInterrupt();
  try {
    for (;;) {
      line.note('getting the server and the workers ready');
      const entered = enterHouse({ models: [...new Set(spec.rows.map(({ model }) => model))], scoring: workers, say, wait });
      const house = await Promise.race([entered, interruption.happened]);
      if (house === undefined) return await leave(await entered.catch(() => undefined));
      const following = new AbortController();
      try {
        if (house.uiUrl) say(`watch it: ${house.uiUrl}/namespaces/${house.namespace}/workflows/${id}`);
        await house.client.workflow.start('evaluate', { taskQueue: WORKFLOW_QUEUE, workflowId: id, workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE, workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING, args: [spec], staticSummary: `${spec.rows.length} rows` });
        const outcome = await Promise.race([follow(house, id, line, following.signal), interruption.happened, house.broken, house.deserted.then(() => 'deserted' as const)]);
        if (outcome === undefined) return await leave(house);
        if (outcome !== 'deserted') return { result: outcome, house };
        say('the process that ran the workers has gone; this one takes its place');
      } finally {
        following.abort();
        await house.stop();
      }
    }
  } finally {
    line.end();
    interruption.forget();
  }

  async function leave(house: House | undefined): Promise<'interrupted'> {
    line.end();
    await house?.stop();
    say(house?.ours === false ? 'the evaluation goes on without us. Follow it with the same command' : 'interrupted; every picture drawn so far is kept. Go on with the same command');
    return 'interrupted';
  }
}

async function follow(house: House, id: string, line: ProgressLine, signal: AbortSignal): Promise<EvaluateResult> {
  const handle = house.client.workflow.getHandle(id);
  let over = false;
  let answeredAt = Date.now();
  void poll();
  try {
    for (;;) {
      const asked = Date.now();
      try {
        return (await house.client.withAbortSignal(signal, () => handle.result())) as EvaluateResult;
      } catch (error) {
        if (error instanceof WorkflowFailedError) throw asQschedError(error);
        if (signal.aborted) return await new Promise(() => undefined);
        if (Date.now() - asked > QUICK_MILLISECONDS) answeredAt = Math.max(answeredAt, asked + QUICK_MILLISECONDS);
        if (Date.now() - answeredAt > OUTAGE_MILLISECONDS) throw new QschedError('failure', `The Temporal server does not answer any more: ${messageOf(error)}`, 'Every picture drawn so far is kept: the same command goes on.');
        await later(POLL_MILLISECONDS);
      }
    }
  } finally {
    over = true;
  }

  async function poll(): Promise<void> {
    while (!over && !signal.aborted) {
      const progress = await Promise.race([handle.query<EvaluateProgress>('progress').catch(() => null), later(ANSWER_MILLISECONDS)]);
      if (over || signal.aborted) return;
      if (progress === undefined) line.note('waiting for the workers');
      else if (progress === null) line.note('waiting for the server');
      else {
        answeredAt = Date.now();
        line.note(describeEvaluate(progress));
      }
      await later(POLL_MILLISECONDS);
    }
  }
}

/** `1200/8000 pictures - 1000 drawn, 200 found` */
export function describeEvaluate({ stage, rows, pictures, done, drawn, reused, failed, summarised }: EvaluateProgress): string {
  if (stage === 'prepare') return 'preparing the models (loading and hashing their files)';
  if (stage === 'summarise') return `summing up: ${summarised}/${rows} rows`;
  return `${done}/${pictures} pictures - ${drawn} drawn, ${reused} found${failed > 0 ? `, ${failed} failed` : ''}`;
}

function asQschedError({ cause }: WorkflowFailedError): QschedError {
  if (cause instanceof ApplicationFailure) return new QschedError(cause.type === 'usage' ? 'usage' : 'failure', cause.message, '');
  return new QschedError('failure', `The evaluation ended: ${messageOf(cause)}`, 'Go on with the same command.');
}

/** Ctrl-C once ends in order, twice at once. */
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

const later = (milliseconds: number): Promise<undefined> => new Promise((done) => { setTimeout(() => done(undefined), milliseconds); });
