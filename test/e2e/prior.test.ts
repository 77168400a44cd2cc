/**
 * A search at one precision, then at another: the second one starts from the first, also when it is killed and resumed.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SearchResult } from '../../contract/search-result.js';
import { cleanUp, dump, killGroup, newDataFolder, query, runCli, runJson, startCli } from './harness.js';

const BUDGET = 24;
const SMALL =
  '--steps 2 --optimizer gp --batch 4 --count 2 --noise-seed 0 --select-count 2 --finalists 2 --confirm-count 4';
const searchAt = (precision: string): string[] =>
  `search --model shapes --precision ${precision} ${SMALL} --budget ${BUDGET}`.split(' ');
const [data, other] = [newDataFolder(), newDataFolder()];
let earlier: SearchResult;
let result: SearchResult;

beforeAll(async () => {
  earlier = await runJson<SearchResult>(searchAt('w8a8'), data);
  mkdirSync(other, { recursive: true });
  copyFileSync(join(data, 'qsched.db'), join(other, 'qsched.db'));
  result = await runJson<SearchResult>(searchAt('w4a8'), data);
});
afterAll(cleanUp);

const scoredOf = (folder: string): number =>
  query<{ n: number }>(
    folder,
    "select count(*) as n from trials where search_id = ? and stage = 'calibration' and status in ('ok', 'raced')",
    result.searchId,
  )[0]?.n ?? 0;

it('asks the finalist of the other precision first, and says where it started', () => {
  expect(earlier.notes.join()).not.toContain('started from');
  expect(result.notes).toContainEqual(
    expect.stringContaining(`It started from the search "${earlier.searchId}" (shapes w8a8, 2 steps)`),
  );
  const candidate = (id: string, stage: string): string =>
    query<{ candidate: string }>(
      data,
      'select candidate_id as candidate from trials where search_id = ? and stage = ? and number = 1',
      id,
      stage,
    )[0]!.candidate;
  expect(candidate(result.searchId, 'calibration')).toBe(candidate(earlier.searchId, 'confirm'));
});

it('killed and resumed, stores the same', async () => {
  const running = startCli(searchAt('w4a8'), other);
  while (scoredOf(other) < 5) await sleep(20);
  killGroup(running.pid);
  await running.result;
  expect(scoredOf(other)).toBeLessThan(BUDGET + 1);
  const resumed = await runJson<SearchResult>(['resume', result.searchId], other);
  expect(resumed).toMatchObject({ best: result.best, heldOut: result.heldOut, notes: result.notes });
  expect(dump(other, result.searchId)).toEqual(dump(data, result.searchId));
});

it('is told by one that did not start from it what to type', async () => {
  const { notes } = await runJson<SearchResult>([...searchAt('w4a6'), '--prior', 'none', '--budget', '8'], data);
  expect(notes).toContainEqual(
    expect.stringMatching(/was searched at w\da8.* To start from that search: --prior shapes-/),
  );
});

it.each<[string, string[], RegExp[]]>([
  [
    'that is not there',
    ['--prior', 'shapes-w8a8-cma'],
    [/There is no search "shapes-w8a8-cma" to be the prior/, /Allowed: shapes-/],
  ],
  [
    'with another scheduler',
    ['--prior', 'EARLIER', '--scheduler', 'ddim'],
    [/has --scheduler "tcd", but this search has --scheduler "ddim"/, /--prior none/],
  ],
  [
    'of another dimension',
    ['--prior', 'EARLIER', '--shape', 'per-step'],
    [/has linear coefficients \(tune: both\), but this search has per-step coefficients/, /--prior none/],
  ],
  [
    'whose prompts are held out here',
    ['--prior', 'EARLIER', '--confirm-prompts', 'shapes-select', '--select-prompts', 'shapes-eval'],
    [/chose its coefficients with the prompt/, /--confirm-prompts/],
  ],
  [
    'for an optimizer that would not read it',
    ['--prior', 'EARLIER', '--optimizer', 'random'],
    [/--prior is "shapes-.*", but the optimizer "random" cannot start from an earlier search/, /"gp"/],
  ],
])('refuses a prior %s, before anything is started', async (_, flags, says) => {
  const typed = flags.map((flag) => (flag === 'EARLIER' ? earlier.searchId : flag));
  const { code, stderr } = await runCli([...searchAt('w4a8'), ...typed], data);
  expect(code).toBe(2);
  for (const pattern of says) expect(stderr).toMatch(pattern);
  expect(stderr).not.toMatch(/starting the Temporal server|^\s+at /m);
});
