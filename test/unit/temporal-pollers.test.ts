import type { Connection } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { countPollers, hasPollers } from '../../temporal/pollers.js';

const NOW = 1_000_000_000;

/** A server that knows these pollers of one queue: identity and seconds since the last poll. */
function serverWith(pollers: readonly (readonly [identity: string, secondsAgo: number])[]) {
  const asked: unknown[] = [];
  const workflowService = {
    describeTaskQueue: (request: unknown) => {
      asked.push(request);
      return Promise.resolve({
        pollers: pollers.map(([identity, ago]) => ({ identity, lastAccessTime: { seconds: NOW / 1000 - ago } })),
      });
    },
  };
  return { connection: { workflowService } as unknown as Connection, asked };
}

describe('the workers of a queue', () => {
  it('are counted by identity, those that polled within 70 s', async () => {
    const { connection, asked } = serverWith([
      ['1@a', 0],
      ['1@a', 5],
      ['2@a', 69],
      ['3@a', 71],
    ]);
    expect(await countPollers(connection, 'space', 'qsched-store', NOW)).toBe(2);
    expect(asked).toEqual([{ namespace: 'space', taskQueue: { name: 'qsched-store' }, taskQueueType: 2 }]);
  });

  it('are none if nobody polls, or the server leaves them out', async () => {
    expect(await countPollers(serverWith([]).connection, 'n', 'q', NOW)).toBe(0);
    expect(await hasPollers(serverWith([['1@a', 71]]).connection, 'n', 'q', 'activity', NOW)).toBe(false);
    const silent = { workflowService: { describeTaskQueue: () => Promise.resolve({}) } } as unknown as Connection;
    expect(await countPollers(silent, 'n', 'q', NOW)).toBe(0);
  });

  it('of workflow tasks are asked for by their own type', async () => {
    const { connection, asked } = serverWith([['1@a', 1]]);
    expect(await hasPollers(connection, 'n', 'qsched', 'workflow', NOW)).toBe(true);
    expect(asked).toMatchObject([{ taskQueueType: 1 }]);
  });
});
