/**
 * A search with coefficients per step that starts from a least-squares match, killed in each of its parts: while the linear
 * search before it runs, around the match, and among its own candidates. It is resumed, and rebuilt, to the same end.
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
  type RunningCli,
} from '../e2e/harness.js';

const SEARCH =
  'search --id whole --model shapes --steps 4 --shape per-step --start match --budget 24 --count 8 --noise-seed 0 --select-count 4 --confirm-count 8'.split(
    ' ',
  );
const LINEAR = 'whole-linear';
/** Of the match, which is over in a moment. */
const seed = Number(process.env['QSCHED_TEST_SEED'] ?? Date.now() % 100_000);
process.stderr.write(`kill-starts.test.ts: QSCHED_TEST_SEED=${seed}\n`);
const delay = seed % 250;

/** Parts of the search, in their order: what the database shows once it is in the midst of each. */
const PARTS = {
  'the linear search': `select 1 from trials where search_id = '${LINEAR}' and stage = 'calibration' and number = 9`,
  'the match': `select 1 from searches where id = '${LINEAR}' and status = 'finished'`,
  'its own candidates': "select 1 from trials where search_id = 'whole' and stage = 'calibration' and number = 9",
} as const;

let undisturbed: string[];
let result: SearchResult;
beforeAll(async () => {
  const data = newDataFolder();
  result = await runJson<SearchResult>(SEARCH, data);
  undisturbed = stored(data);
});
afterAll(cleanUp);

/** Both searches, and what the second one starts from. */
const stored = (data: string): string[] => [
  ...dump(data, LINEAR),
  ...dump(data, 'whole'),
  ...query<{ opening: string }>(data, "select opening from searches where id = 'whole'").map(({ opening }) => opening),
];

async function reach(data: string, part: keyof typeof PARTS, running: RunningCli): Promise<void> {
  let ended = false;
  void running.result.then(() => {
    ended = true;
  });
  const there = (): boolean => {
    try {
      return query(data, PARTS[part]).length > 0;
    } catch {
      return false; // the tables are not there yet
    }
  };
  while (!there()) {
    if (ended) throw new Error(`It ended before ${part}:\n${running.stderr()}`);
    await sleep(20);
  }
  if (part === 'the match') await sleep(delay);
}

it('starts from the match and the linear solution', () => {
  const { firstAsks, linear } = JSON.parse(undisturbed.at(-1)!) as { firstAsks: { from: string }[]; linear: object };
  expect(firstAsks.map(({ from }) => from).sort()).toEqual(['linear', 'match']);
  expect(linear).toMatchObject({ searchId: LINEAR });
});

it('killed in each part with all its processes, the latest search is resumed to the same end', async () => {
  const data = newDataFolder();
  let running = startCli(SEARCH, data);
  for (const part of Object.keys(PARTS) as (keyof typeof PARTS)[]) {
    await reach(data, part, running);
    killGroup(running.pid);
    await running.result;
    running = startCli(['resume', '--json'], data);
  }
  const { code, stdout, stderr } = await running.result;
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ searchId: 'whole', best: result.best, heldOut: result.heldOut });
  expect(stored(data)).toEqual(undisturbed);
}, 400_000);

it.each(Object.keys(PARTS) as (keyof typeof PARTS)[])(
  'killed in %s and without its Temporal data, it is rebuilt from SQLite',
  async (part) => {
    const data = newDataFolder();
    const running = startCli(SEARCH, data);
    await reach(data, part, running);
    const { pid } = readServerRecord(data)!;
    killGroup(running.pid);
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    for (const file of readdirSync(data).filter((name) => name.startsWith('temporal-') || name === 'server.json')) {
      rmSync(join(data, file));
    }
    const resumed = await runJson<SearchResult>(['resume'], data);
    expect(resumed).toMatchObject({ searchId: 'whole', best: result.best, heldOut: result.heldOut });
    expect(stored(data)).toEqual(undisturbed);
  },
  400_000,
);
