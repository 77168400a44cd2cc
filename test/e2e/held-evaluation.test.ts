/** An evaluation that is held and let go from the command line, by the beginning of its id and by its own command. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { cleanUp, killGroup, newDataFolder, query, runCli, runJson, startCli, startUp } from './harness.js';

const EVALUATE = 'evaluate --model shapes --precision fp32,w4a8 --steps 4 --count 2385'.split(' ');

afterAll(cleanUp);

it('is paused, shown as paused, and continued', async () => {
  const data = newDataFolder();
  await startUp(data);
  const evaluation = startCli(EVALUATE, data);
  const [, id] = (await evaluation.says(/\/workflows\/(evaluate-\w+)\//)) as unknown as [string, string];
  const status = (): string | undefined => query<{ status: string }>(data, 'select status from runs')[0]?.status;
  while (status() !== 'running') await sleep(20);
  expect(await runJson(['pause', id.slice(0, 12)], data)).toEqual({
    evaluateId: id,
    update: 'pause',
    message: expect.stringContaining(`npx qsched unpause ${id}`) as unknown,
  });
  expect(status()).toBe('paused');
  await evaluation.says(/paused \(continue: npx qsched unpause\)/);
  const line = new RegExp(`evaluation ${id}: paused \\(.*\\); continue it: npx qsched unpause ${id}`);
  expect((await runCli(['status'], data)).stdout).toMatch(line);
  expect((await runCli(['status', 'evaluate'], data)).stdout).toMatch(line);
  expect((await runJson<{ message: string }>(['priority', id, '1'], data)).message).toMatch(/has priority 1/);
  for (const [args, message] of [
    [['pause', id], `The evaluation ${id} is paused already. Continue it: npx qsched unpause ${id}`],
    [['priority', id, '9'], 'The priority is 9: it must be a whole number from 1 (first) to 5 (last).'],
    [['stop', id], `"${id}" is an evaluation: stop is for searches.`],
    [['extend', id, '--budget', '9'], `"${id}" is an evaluation: extend is for searches.`],
  ] as const) {
    const { code, stderr } = await runCli(args, data);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  }
  killGroup(evaluation.pid);
  const again = startCli(EVALUATE, data);
  await again.says(/Continued\./);
  expect(status()).toBe('running');
  killGroup(again.pid);
  expect((await runCli(['cancel', id], data)).stdout).toMatch(/was cancelled/);
  const ended = await runCli(['pause', id], data);
  expect(ended).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`The evaluation ${id} does not run now.`) as unknown,
  });
});
