/**
 * A search that is paused, extended and stopped, and killed in between: the pause outlives the kill, and from SQLite alone the
 * changes take effect at the same places.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import type { SearchResult } from '../../contract/search-result.js';
import { readServerRecord } from '../../temporal/server-record.js';
import {
  cleanUp,
  dump,
  gone,
  killGroup,
  newDataFolder,
  query,
  runCli,
  runJson,
  startCli,
  startUp,
  untilScored,
} from '../e2e/harness.js';

const SEARCH =
  'search --id steered --model shapes --steps 2 --optimizer cma-es --budget 240 --batch 6 --count 12 --noise-seed 0'
    .split(' ')
    .concat('--select-count 8 --confirm-count 8'.split(' '));

afterAll(cleanUp);

const statusOf = (data: string): string | undefined =>
  query<{ status: string }>(data, "select status from searches where id = 'steered'")[0]?.status;
const steering = (data: string): string[] =>
  query<object>(data, 'select kind, payload, after from steering order by sequence').map((row) => JSON.stringify(row));

it('paused, killed, extended and stopped, it is rebuilt from SQLite to the same end', async () => {
  const data = newDataFolder();
  let up = await startUp(data);
  const search = startCli(SEARCH, data);
  await untilScored(data, 4, search);
  expect((await runCli(['pause', 'steered'], data)).code).toBe(0);
  expect(statusOf(data)).toBe('paused');
  killGroup(search.pid);
  killGroup(up.pid);
  await search.result;
  await gone(up.pid);

  up = await startUp(data);
  expect(statusOf(data)).toBe('paused');
  const again = await runCli(['pause', 'steered'], data);
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is paused already') as unknown });
  expect((await runCli(['extend', 'steered', '--budget', '2000'], data)).code).toBe(0);
  expect((await runCli(['unpause', 'steered'], data)).code).toBe(0);
  while (query(data, "select 1 from trials where stage = 'calibration' and number = 241").length === 0) await sleep(20);
  killGroup(up.pid);
  await gone(up.pid);

  up = await startUp(data);
  await runJson(['stop', 'steered'], data);
  const result = await runJson<SearchResult>(['resume', 'steered'], data);
  expect(result.trials).toBeGreaterThanOrEqual(240);
  expect(result.trials).toBeLessThan(2000);
  const [changes, end] = [steering(data), dump(data, 'steered')];
  expect(changes.map((row) => (JSON.parse(row) as { kind: string }).kind)).toEqual(['extend', 'stop']);

  // Without the history of Temporal.
  const { pid } = readServerRecord(data)!;
  killGroup(up.pid);
  process.kill(pid, 'SIGKILL');
  await gone(pid);
  for (const file of readdirSync(data).filter((name) => name.startsWith('temporal-') || name === 'server.json')) {
    rmSync(join(data, file));
  }
  const rebuilt = await runJson<SearchResult>(['resume', 'steered'], data);
  expect(rebuilt).toMatchObject({
    trials: result.trials,
    best: result.best,
    heldOut: result.heldOut,
    notes: result.notes,
  });
  expect(steering(data)).toEqual(changes);
  expect(dump(data, 'steered')).toEqual(end);
}, 300_000);
