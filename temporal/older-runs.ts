/**
 * Open runs of another release of qsched. Their histories cannot be replayed, so their workflow tasks would fail forever,
 * and work that they wait for may be on queues that nobody serves any more. They are ended before this release serves the
 * workflows; what they scored is in the database, from where `resume` continues.
 */
import { type Client, isGrpcServiceError, type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import { RELEASE_MEMO, WIRE_VERSION } from '../contract/wire/version.js';
import { isRefusal } from './open-connection.js';
import { WORKFLOW_QUEUE } from './queues.js';

type Run = WorkflowExecutionInfo;

/** How to continue what a run did, by the workflow's type: all types that any release has had. */
const CONTINUE: Readonly<Record<string, (id: string) => string>> = {
  search: (id) => `continue it with: npx qsched resume ${id}`,
  evaluate: () => 'run the same `npx qsched evaluate` again: images and scores are reused',
  gate: () => 'run the same `npx qsched gate` again: images and scores are reused',
  ptqd: () => 'run the same `npx qsched ptqd` again',
  match: () => 'run the same `npx qsched match` again',
  study: () => 'run the same command again: what is finished is reused',
  reproduce: () => 'run the same command again: what is finished is reused',
  compare: () => 'use `npx qsched evaluate` in its place',
};

/** Events at the start of a history that show its release: started, one workflow task, its first command; with retries. */
const FIRST_EVENTS = 20;
/** The wire's number: temporal.api.enums.v1.EventType. */
const WORKFLOW_TASK_COMPLETED = 7;
/** gRPC status code. */
const NOT_FOUND = 5;

/**
 * Ends the open runs of other releases. To be called before a worker of this release serves the workflow queue.
 *
 * A run of this release has the memo that `markRelease` writes, or has not executed anything yet. A search that is ended
 * stays unfinished in the database, as after a crash.
 *
 * @returns ids of the runs that were ended, without the child workflows that were ended with them. Empty if the server
 * does not let us list runs
 * @throws what the server answers otherwise
 */
export async function endOlderRuns(client: Client, namespace: string): Promise<string[]> {
  const older = await openRuns(client, async (run) => !(await isOfThisRelease(client, namespace, run)));
  const ended: string[] = [];
  // Parents first, so that none of them sees the end of its child.
  for (const run of [...older.filter(isStarted), ...older.filter((one) => !isStarted(one))]) {
    const { workflowId, runId } = run;
    try {
      await client.workflow.getHandle(workflowId, runId).terminate(reasonFor(run));
      if (isStarted(run)) ended.push(workflowId);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error; // it ended meanwhile, or with its parent
    }
  }
  return ended;
}

async function openRuns(client: Client, wanted: (run: Run) => Promise<boolean>): Promise<Run[]> {
  const runs: Run[] = [];
  try {
    const query = `TaskQueue = '${WORKFLOW_QUEUE}' AND ExecutionStatus = 'Running'`;
    for await (const run of client.workflow.list({ query })) {
      if (run.type in CONTINUE && (await wanted(run))) runs.push(run);
    }
    return runs;
  } catch (error) {
    if (isRefusal(error)) return [];
    throw error;
  }
}

/** Whether somebody started it, as opposed to another workflow. */
const isStarted = ({ parentExecution }: Run): boolean => parentExecution === undefined;

function reasonFor(run: Run): string {
  const release = run.memo?.[RELEASE_MEMO] === undefined ? 'qsched 0.1' : 'another release of qsched';
  if (isStarted(run)) return `This run was started by ${release}; ${CONTINUE[run.type]!(run.workflowId)}`;
  const { workflowId } = run.rootExecution ?? run.parentExecution!;
  return `This run belongs to ${workflowId}, which was started by ${release} and is ended too`;
}

/** The list may lag behind the histories, so the history of a run without our memo is read. */
async function isOfThisRelease(client: Client, namespace: string, run: Run): Promise<boolean> {
  const memo = run.memo?.[RELEASE_MEMO];
  return memo === undefined ? beganHere(client, namespace, run.workflowId, run.runId) : memo === WIRE_VERSION;
}

/** Whether the first command of a run is our mark; if there is none yet, whether that of the run that it continues is. */
async function beganHere(client: Client, namespace: string, workflowId: string, runId: string): Promise<boolean> {
  const events = await firstEvents(client, namespace, workflowId, runId);
  const first = events.findIndex(({ eventType }) => eventType === WORKFLOW_TASK_COMPLETED);
  if (first !== -1) {
    const mark = events[first + 1]?.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields?.[RELEASE_MEMO];
    return Buffer.from(mark?.data ?? []).toString('utf8') === JSON.stringify(WIRE_VERSION);
  }
  const before = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
  return before ? beganHere(client, namespace, workflowId, before) : true;
}

async function firstEvents({ workflowService }: Client, namespace: string, workflowId: string, runId: string) {
  try {
    const { history } = await workflowService.getWorkflowExecutionHistory({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: FIRST_EVENTS,
    });
    return history?.events ?? [];
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) return []; // removed meanwhile
    throw error;
  }
}
