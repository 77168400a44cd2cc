/**
 * A search as it is by default, with a model of the surface, races and a range that may grow: killed at random, rebuilt
 * from SQLite alone, or on more workers, it asks for the same candidates and drops the same ones.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SearchResult } from '../../contract/search-result.js';
import { readServerRecord } from '../../temporal/server-record.js';
import {
  cleanUp,
  dump,
  gone,
  killGroup,
  newDataFolder,
  query,
  runJson,
  startCli,
  untilScored,
} from '../e2e/harness.js';

const SEARCH = 'search --model shapes --steps 2 --count 12 --noise-seed 0 --select-count 8 --confirm-count 8'.split(
  ' ',
);
/** Shares of the longest wait before a kill: early, and late. */
const seed = Number(process.env['QSCHED_TEST_SEED'] ?? Date.now() % 100_000);
process.stderr.write(`kill-raced.test.ts: QSCHED_TEST_SEED=${seed}\n`);
const trialsAt = [1 + (seed % 7), 9 + (seed % 11)];
const delay = (seed * 37) % 300;

let undisturbed: string[];
let result: SearchResult;
let dropped: number;
beforeAll(async () => {
  const data = newDataFolder();
  result = await runJson<SearchResult>(SEARCH, data);
  undisturbed = dump(data, result.searchId);
  [{ n: dropped }] = query<{ n: number }>(
    data,
    "select count(*) as n from trials where stage = 'calibration' and status = 'raced' and pairs < 12",
  ) as [{ n: number }];
});
afterAll(cleanUp);

it('drops candidates before they have all their images', () => {
  expect(dropped).toBeGreaterThan(0);
  expect(dropped).toBe(result.raced);
});

it('killed twice with all its processes, it is resumed to the same end', async () => {
  const data = newDataFolder();
  let running = startCli(SEARCH, data);
  for (const trials of trialsAt) {
    await untilScored(data, trials, running);
    await sleep(delay);
    killGroup(running.pid);
    await running.result;
    running = startCli(['resume', '--json'], data);
  }
  const { code, stdout, stderr } = await running.result;
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ best: result.best, raced: result.raced, heldOut: result.heldOut });
  expect(dump(data, result.searchId)).toEqual(undisturbed);
});

it('without its Temporal data, it is rebuilt from SQLite', async () => {
  const data = newDataFolder();
  const running = startCli(SEARCH, data);
  await untilScored(data, trialsAt[1]!, running);
  const { pid } = readServerRecord(data)!;
  killGroup(running.pid);
  process.kill(pid, 'SIGKILL');
  await gone(pid);
  for (const file of readdirSync(data).filter((name) => name.startsWith('temporal-') || name === 'server.json')) {
    rmSync(join(data, file));
  }
  const resumed = await runJson<SearchResult>(['resume'], data);
  expect(resumed).toMatchObject({ best: result.best, raced: result.raced, heldOut: result.heldOut });
  expect(dump(data, result.searchId)).toEqual(undisturbed);
});

it('three workers drop the same candidates as one', async () => {
  for (const workers of ['1', '3']) {
    const data = newDataFolder();
    await runJson<SearchResult>([...SEARCH, '--workers', workers], data);
    expect(dump(data, result.searchId)).toEqual(undisturbed);
  }
});
