import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { RELEASE_MEMO, WIRE_VERSION } from '../../contract/wire/version.js';
import { endOlderRuns } from '../../temporal/older-runs.js';
import { compare } from '../../workflows/retired.js';

/** Event types of temporal.api.enums.v1.EventType. */
const TASK = [{ eventType: 5 }, { eventType: 6 }];
const COMPLETED = { eventType: 7 };
const started = (continuedExecutionRunId = '') => ({
  eventType: 1,
  workflowExecutionStartedEventAttributes: { continuedExecutionRunId },
});
const mark = (version: number) => ({
  eventType: 47,
  workflowPropertiesModifiedEventAttributes: {
    upsertedMemo: { fields: { [RELEASE_MEMO]: { data: Buffer.from(JSON.stringify(version)) } } },
  },
});
const ACTIVITY = { eventType: 10 };

/** A history by the id of its run. */
const HISTORIES: Record<string, object[]> = {
  older: [started(), ...TASK, COMPLETED, ACTIVITY],
  ours: [started(), ...TASK, COMPLETED, mark(WIRE_VERSION), ACTIVITY],
  next: [started(), ...TASK, COMPLETED, mark(WIRE_VERSION + 1)],
  unbegun: [started(), { eventType: 5 }],
  'retried, older': [started(), ...TASK, { eventType: 9 }, ...TASK, COMPLETED, ACTIVITY],
  'continued from older': [started('older'), { eventType: 5 }],
  'continued from ours': [started('ours'), { eventType: 5 }],
  'continued twice from older': [started('continued from older'), { eventType: 5 }],
};

interface Listed {
  readonly workflowId: string;
  readonly type?: string;
  readonly runId: string;
  readonly memo?: Record<string, unknown>;
  readonly parentExecution?: { workflowId: string };
  readonly rootExecution?: { workflowId: string };
}

const grpcError = (code: number) => Object.assign(new Error('grpc'), { code, details: 'no', metadata: {} });

/** A server with open runs; `gone` ended between the list and their end. */
function serverWith(
  runs: readonly Listed[],
  { gone = [] as readonly string[], listError = null as Error | null } = {},
) {
  const ended: [id: string, run: string, reason: string][] = [];
  const queries: unknown[] = [];
  const read: string[] = [];
  const client = {
    workflow: {
      async *list(options: unknown) {
        queries.push(options);
        if (listError !== null) throw new Error('Failed to list workflows', { cause: listError });
        for (const run of runs) yield await Promise.resolve({ type: 'search', ...run });
      },
      getHandle: (id: string, run: string) => ({
        terminate: (reason: string) => {
          if (gone.includes(id)) return Promise.reject(new WorkflowNotFoundError('not found', id, run));
          ended.push([id, run, reason]);
          return Promise.resolve();
        },
      }),
    },
    workflowService: {
      getWorkflowExecutionHistory: ({ execution: { runId } }: { execution: { runId: string } }) => {
        read.push(runId);
        const events = HISTORIES[runId];
        return events === undefined ? Promise.reject(grpcError(5)) : Promise.resolve({ history: { events } });
      },
    },
  } as unknown as Client;
  return { client, ended, queries, read };
}

describe('open runs at the start of this release', () => {
  it.each([
    ['older', true],
    ['ours', false],
    ['next', true],
    ['unbegun', false],
    ['retried, older', true],
    ['continued from older', true],
    ['continued from ours', false],
    ['continued twice from older', true],
    ['removed meanwhile', false],
  ])('with the history "%s" are ended: %s', async (runId, expected) => {
    const { client, ended, queries } = serverWith([{ workflowId: 'a', runId }]);
    expect(await endOlderRuns(client, 'default')).toEqual(expected ? ['a'] : []);
    expect(ended.map(([id, run]) => [id, run])).toEqual(expected ? [['a', runId]] : []);
    expect(queries).toEqual([{ query: "TaskQueue = 'qsched' AND ExecutionStatus = 'Running'" }]);
  });

  it('are known by their memo, without a look at the history', async () => {
    const { client, ended, read } = serverWith([
      { workflowId: 'ours', runId: 'x', memo: { [RELEASE_MEMO]: WIRE_VERSION } },
      { workflowId: 'next', runId: 'y', memo: { [RELEASE_MEMO]: WIRE_VERSION + 1 } },
    ]);
    expect(await endOlderRuns(client, 'default')).toEqual(['next']);
    expect(ended[0]![2]).toBe(
      'This run was started by another release of qsched; continue it with: npx qsched resume next',
    );
    expect(read).toEqual([]);
  });

  it.each([
    ['search', 'This run was started by qsched 0.1; continue it with: npx qsched resume a'],
    ['evaluate', /qsched 0\.1; run the same `npx qsched evaluate` again/],
    ['ptqd', /qsched 0\.1; run the same `npx qsched ptqd` again/],
    ['match', /run the same `npx qsched match` again/],
    ['study', /qsched 0\.1; run the same command again/],
    ['compare', /qsched 0\.1; use `npx qsched evaluate`/],
  ])('of type %s say how to continue', async (type, reason) => {
    const { client, ended } = serverWith([{ workflowId: 'a', runId: 'older', type }]);
    expect(await endOlderRuns(client, 'default')).toEqual(['a']);
    expect(ended[0]![2]).toMatch(reason);
  });

  it('of other programs on a queue of the same name are left alone', async () => {
    const { client, ended } = serverWith([{ workflowId: 'a', runId: 'older', type: 'billing' }]);
    expect(await endOlderRuns(client, 'default')).toEqual([]);
    expect(ended).toEqual([]);
  });

  it('are ended parents first, and children are not named', async () => {
    const family = { parentExecution: { workflowId: 'a' }, rootExecution: { workflowId: 'root' } };
    const { client, ended } = serverWith([
      { workflowId: 'a-control', runId: 'older', ...family },
      { workflowId: 'root', runId: 'older', type: 'study' },
    ]);
    expect(await endOlderRuns(client, 'default')).toEqual(['root']);
    expect(ended.map(([id]) => id)).toEqual(['root', 'a-control']);
    expect(ended[1]![2]).toBe('This run belongs to root, which was started by qsched 0.1 and is ended too');
  });

  it('that end meanwhile are no error, and the others are ended', async () => {
    const { client } = serverWith(
      [
        { workflowId: 'a', runId: 'older' },
        { workflowId: 'b', runId: 'older' },
      ],
      { gone: ['a'] },
    );
    expect(await endOlderRuns(client, 'default')).toEqual(['b']);
  });

  it('are left alone if the server does not list them; another error is thrown', async () => {
    expect(await endOlderRuns(serverWith([], { listError: grpcError(7) }).client, 'default')).toEqual([]);
    await expect(endOlderRuns(serverWith([], { listError: grpcError(14) }).client, 'default')).rejects.toThrow(
      'Failed to list workflows',
    );
  });
});

it('the removed workflow "compare" fails with what to use in its place', async () => {
  await expect(compare()).rejects.toMatchObject({
    type: 'usage',
    nonRetryable: true,
    message: expect.stringContaining('`npx qsched evaluate`') as unknown,
  });
});
