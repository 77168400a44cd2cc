/**
 * Ctrl-C in commands that take long: each ends in order with exit code 130, says how to come back, and leaves nothing
 * half-written and no server behind. Searches, evaluations and tables of the paper have theirs beside their other tests.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { readServerRecord } from '../../temporal/server-record.js';
import {
  cleanUp,
  newDataFolder,
  query,
  runCli,
  runJson,
  startCli,
  startUp,
  untilScored,
  type CliResult,
  type RunningCli,
} from './harness.js';

const SMALL = '--model shapes --steps 2 --count 4 --noise-seed 0 --select-count 4 --confirm-count 8'.split(' ');
/** Enough trajectories for a fit that is not over before it is interrupted. */
const FIT = '--model shapes --steps 4 --prompts shapes-eval --count 2385'.split(' ');

afterEach(cleanUp);

/** Presses Ctrl-C once its workflow runs. */
async function interrupted(running: RunningCli): Promise<CliResult> {
  await running.says(/watch it: \S+/);
  process.kill(running.pid, 'SIGINT');
  const result = await running.result;
  expect(result.stderr).not.toMatch(/^\s+at /m);
  expect(result.stdout).toBe('');
  return result;
}

describe('Ctrl-C', () => {
  it.each(['ptqd', 'match'])('in %s: no fit is stored, and the same command makes it', async (command) => {
    const data = newDataFolder();
    const { code, stderr } = await interrupted(startCli([command, ...FIT], data));
    expect(stderr).toMatch(/interrupted; a fit is stored when it is complete\. Run the same command again/);
    expect(code).toBe(130);
    expect(readServerRecord(data)).toBeNull();
    expect(query(data, 'select id from schedules')).toEqual([]);
  });

  it('in confirm and in resume, and status tells that both are interrupted', async () => {
    const data = newDataFolder();
    await runJson(['search', '--id', 'done', ...SMALL, '--budget', '4'], data);
    const confirming = startCli(['confirm', 'done', '--count', '128', '--noise-seed', '1,2,3,4,5,6,7,8'], data);
    const confirmed = await interrupted(confirming);
    expect(confirmed.stderr).toMatch(/every image generated so far is kept\. Resume with the same command/);
    expect(confirmed.code).toBe(130);
    expect(readServerRecord(data)).toBeNull();
    const resuming = startCli(['resume', 'done', '--budget', '3000'], data);
    await untilScored(data, 9, resuming);
    const resumed = await interrupted(resuming);
    expect(resumed.stderr).toMatch(/interrupted; .* Resume with: npx qsched resume done/);
    expect(resumed.code).toBe(130);
    expect(readServerRecord(data)).toBeNull();
    const { stdout } = await runCli(['status'], data);
    expect(stdout).toMatch(/done +interrupted/);
    expect(stdout).toMatch(/evaluation \S+: interrupted \(.*\); run it again with the same command/);
  });

  it('in search, worker and up: the search goes on in up, and its workers end in order', async () => {
    const data = newDataFolder();
    const up = await startUp(data);
    const search = startCli(['search', '--id', 'left', ...SMALL, '--budget', '3000'], data);
    await untilScored(data, 2, search);
    process.kill(search.pid, 'SIGINT');
    const { code, stderr } = await search.result;
    expect(stderr).toMatch(/detaching/);
    expect(stderr).toMatch(/the search keeps running on the server\. .*npx qsched resume left/);
    expect(code).toBe(130);
    const worker = startCli(['worker', '--model', 'shapes', '--threads', '1'], data);
    await worker.says(/scoring shapes/);
    process.kill(worker.pid, 'SIGINT');
    const ended = await worker.result;
    expect(ended.stderr).toMatch(/stopping \.\.\.; press Ctrl-C again to force/);
    expect(ended.code).toBe(0);
    process.kill(up.pid, 'SIGINT');
    const stopped = await up.result;
    expect(stopped.stderr).toMatch(/unfinished searches continue with the next `npx qsched up`/);
    expect(stopped.code).toBe(0);
    expect(readServerRecord(data)).toBeNull();
    expect((await runCli(['status', 'left'], data)).stdout).toMatch(/left +interrupted/);
  });
});
