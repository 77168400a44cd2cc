/**
 * kill -9 at random moments: the search continues, by itself or with `resume`, and what is stored at its end equals what
 * an undisturbed run stores. The moments come from a seed that is printed; QSCHED_TEST_SEED repeats a run.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScoreRequest } from '../../contract/wire/score.js';
import type { SearchResult } from '../../contract/search-result.js';
import { openConnection } from '../../temporal/open-connection.js';
import { isAlive } from '../../temporal/process-alive.js';
import { readServerRecord, type ServerRecord } from '../../temporal/server-record.js';
import { startServer } from '../../temporal/server.js';
import {
  cleanUp,
  dump,
  gone,
  killGroup,
  newDataFolder,
  query,
  runJson,
  scoredTrials,
  scoringWorkers,
  startCli,
  untilScored,
  type RunningCli,
} from '../e2e/harness.js';

const BUDGET = 80;
/** Seeds per calibration prompt. */
const SEEDS = 1;
const SEARCH = [
  'search',
  '--model',
  'shapes',
  '--steps',
  '2',
  '--optimizer',
  'cma-es',
  '--batch',
  '4',
  '--budget',
  String(BUDGET),
  '--count',
  '2',
  '--noise-seed',
  '0',
  '--select-count',
  '2',
  '--finalists',
  '2',
  '--confirm-count',
  '4',
];
const KILLS = 3;
/** Trials after which nothing is killed any more: the search must not end before it is killed. */
const LATEST = BUDGET - 48;
const LONGEST_DELAY_MILLISECONDS = 300;

const seed = Number(process.env['QSCHED_TEST_SEED'] ?? Date.now() % 100_000);
process.stderr.write(`kill.test.ts: QSCHED_TEST_SEED=${seed}\n`);

/** mulberry32: numbers from 0 to 1. */
let state = seed;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** So many moments: trials that are scored by then, in rising order, each in its own part of the search. */
function moments(): number[] {
  return Array.from({ length: KILLS }, (_, i) => 1 + Math.floor(((i + random()) / KILLS) * LATEST));
}

async function reach(data: string, trials: number, running: RunningCli): Promise<void> {
  await untilScored(data, trials, running);
  await sleep(random() * LONGEST_DELAY_MILLISECONDS);
}

/** The record of the server that runs now: another process than the one that was killed last. */
async function serverOf(data: string, killed: number, running: RunningCli): Promise<ServerRecord> {
  let ended = false;
  void running.result
    .finally(() => {
      ended = true;
    })
    .catch(() => undefined);
  while (!ended) {
    const record = readServerRecord(data);
    if (record !== null && record.pid !== killed) return record;
    await sleep(20);
  }
  throw new Error(`The search ended before its server was back:\n${running.stderr()}`);
}

afterAll(cleanUp);

describe('kill -9', () => {
  let undisturbed: string[];
  let result: SearchResult;

  beforeAll(async () => {
    const data = newDataFolder();
    result = await runJson<SearchResult>(SEARCH, data);
    undisturbed = dump(data, result.searchId);
  });

  function expectTheSame(data: string): void {
    expect(dump(data, result.searchId)).toEqual(undisturbed);
    const [rows] = query<{ rows: number; keys: number }>(
      data,
      'select count(*) as rows, count(distinct context_id || candidate_id || prompt_id || seed) as keys from evaluations',
    );
    expect(rows?.rows).toBe(rows?.keys);
  }

  it('of the scoring worker: another one takes over', async () => {
    const data = newDataFolder();
    const running = startCli([...SEARCH, '--json'], data);
    for (const trials of moments()) {
      await reach(data, trials, running);
      const [worker] = await untilWorker(running);
      process.kill(worker!, 'SIGKILL');
      await gone(worker!);
    }
    const { code, stdout, stderr } = await running.result;
    expect(stderr.match(/a scoring worker ended \(SIGKILL\); starting another/g)).toHaveLength(KILLS);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ best: result.best, heldOut: result.heldOut });
    expectTheSame(data);
  });

  it('of the whole process group: the server that is left is taken over by `resume`, and stopped in the end', async () => {
    const data = newDataFolder();
    let running = startCli(SEARCH, data);
    let server: number | undefined;
    for (const trials of moments()) {
      await reach(data, trials, running);
      server = readServerRecord(data)?.pid;
      killGroup(running.pid);
      await running.result;
      expect(isAlive(server!)).toBe(true);
      running = startCli(['resume', '--json'], data);
    }
    const { code, stdout } = await running.result;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ searchId: result.searchId, best: result.best, heldOut: result.heldOut });
    expectTheSame(data);
    expect(isAlive(server!)).toBe(false);
    expect(readServerRecord(data)).toBeNull();
  });

  it('of the Temporal server: it is started again at the same address', async () => {
    const data = newDataFolder();
    const running = startCli([...SEARCH, '--json'], data);
    const addresses = new Set<string>();
    let last = 0;
    for (const trials of moments()) {
      await reach(data, trials, running);
      const record = await serverOf(data, last, running);
      addresses.add(record.address);
      process.kill(record.pid, 'SIGKILL');
      last = record.pid;
    }
    const { code, stdout, stderr } = await running.result;
    expect(code).toBe(0);
    // A kill may hit a server that is just starting: every start is told, the first one too.
    expect(stderr.match(/starting the Temporal server/g)!.length).toBeGreaterThanOrEqual(KILLS + 1);
    expect(stderr).toMatch(/the Temporal server ended unexpectedly; starting it again/);
    expect(addresses.size).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ best: result.best, heldOut: result.heldOut });
    expectTheSame(data);
    expect(readServerRecord(data)).toBeNull();
  });

  it('of everything, and the Temporal data deleted: `resume` rebuilds the search from SQLite and scores only what is missing', async () => {
    const data = newDataFolder();
    const running = startCli(SEARCH, data);
    await reach(data, 8 + Math.floor(random() * 8), running);
    const { pid } = readServerRecord(data)!;
    killGroup(running.pid);
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    for (const file of readdirSync(data).filter((name) => name.startsWith('temporal-') || name === 'server.json')) {
      rmSync(join(data, file));
    }
    const rows = 'select key, terms, created_at from evaluations order by key';
    const before = query<{ key: string }>(data, rows);
    const scored = scoredTrials(data);

    const resumed = await runJson<SearchResult>(['resume'], data);
    expect(resumed).toMatchObject({ searchId: result.searchId, best: result.best, heldOut: result.heldOut });
    expectTheSame(data);
    const kept = new Set(before.map(({ key }) => key));
    expect(query<{ key: string }>(data, rows).filter(({ key }) => kept.has(key))).toEqual(before);
    // Identity and budget, without those that were scored; distinct candidates alone are scored.
    expect(scored).toBeGreaterThanOrEqual(8);
    expect(await scoredByWorkers(data, result.searchId)).toBe(BUDGET + 1 - scored);
  });
});

/** Trials that a search's activities were asked to score on the calibration prompts, from its Temporal history. */
async function scoredByWorkers(data: string, searchId: string): Promise<number> {
  const calibration = query<{ n: number }>(
    data,
    'select count(*) as n from search_prompts where search_id = ? and split = ?',
    searchId,
    'calibration',
  )[0]!.n;
  const server = await startServer({ dataFolder: data, onProgress: () => undefined });
  try {
    const connection = await openConnection(server, 5000);
    const history = await new Client({ connection }).workflow.getHandle(searchId).fetchHistory();
    await connection.close();
    const requests = (history.events ?? []).flatMap(({ activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'score'
        ? [JSON.parse(Buffer.from(scheduled.input!.payloads![0]!.data!).toString('utf8')) as ScoreRequest]
        : [],
    );
    expect(requests.length).toBeGreaterThan(0);
    // Seeds of the calibration are below those of the other splits.
    const images = requests
      .filter(({ pairs }) => pairs.every(([, seed]) => seed < 500))
      .flatMap(({ candidates, pairs }) => candidates.map((candidate) => candidate.pairs?.length ?? pairs.length))
      .reduce((sum, count) => sum + count, 0);
    return images / (calibration * SEEDS);
  } finally {
    await server.stop();
  }
}

/** The scoring workers of a running search; one that was just killed is waited for. */
async function untilWorker(running: RunningCli): Promise<number[]> {
  for (;;) {
    if (!isAlive(running.pid)) throw new Error(`The search ended before its worker was killed:\n${running.stderr()}`);
    const workers = scoringWorkers(running.pid);
    if (workers.length > 0) return workers;
    await sleep(50);
  }
}

describe('a full disk', () => {
  it('is named, with what to do', async () => {
    const data = newDataFolder();
    mkdirSync(data, { recursive: true });
    const script = `import { openStore } from ${JSON.stringify(join(process.cwd(), 'dist', 'db', 'open-store.js'))};
try { openStore(${JSON.stringify(join(data, 'qsched.db'))}); } catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })); }`;
    // The limit on the size of a file acts as a disk with that much space.
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      `trap '' XFSZ; ulimit -f 16; exec ${JSON.stringify(process.execPath)} --input-type=module -e "$0"`,
      script,
    ]);
    expect(JSON.parse(stdout)).toEqual({
      code: 'failure',
      message: expect.stringMatching(/disk that holds .*qsched\.db is full or failing/) as unknown,
      hint: expect.stringContaining('npx qsched resume') as unknown,
    });
  });
});
