/**
 * The main job through the command line: a real server, a real model, a real search, to a verdict.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScheduler } from '../../diffusion/scheduler.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import type { FusedSchedule } from '../../diffusion/fused.js';
import type { EvaluateResult } from '../../contract/evaluate-spec.js';
import type { SearchResult } from '../../contract/search-result.js';
import { readServerRecord } from '../../temporal/server-record.js';
import { findExecutable } from '../../temporal/executable.js';
import {
  cleanUp,
  dump,
  environment,
  newDataFolder,
  query,
  runCli,
  runJson,
  scoredTrials,
  startCli,
  startUp,
  untilScored,
  type CliResult,
  type RunningCli,
} from './harness.js';

const STEPS = 2;
/** Few prompts and steps: what is tested is the way, not the gain. */
const SMALL = [
  '--model',
  'shapes',
  '--steps',
  String(STEPS),
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
const CMA = ['search', ...SMALL, '--optimizer', 'cma-es', '--budget', '8', '--batch', '4'];
const GRID = ['search', ...SMALL, '--optimizer', 'grid', '--shape', 'single-scale', '--grid-points', '3'];

type Body = SearchResult & { readonly database: string; readonly temporalUi: string; readonly seconds: number };

afterAll(cleanUp);

describe('a search in a folder of its own', () => {
  const data = newDataFolder();
  let ran: CliResult;
  let first: Body;
  let firstDump: string[];

  beforeAll(async () => {
    ran = await runCli([...CMA, '--json'], data);
    first = JSON.parse(ran.stdout) as Body;
    firstDump = dump(data, first.searchId);
  });

  it('says what it does, on stderr', () => {
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/starting the Temporal server/);
    expect(ran.stderr).toMatch(
      /watch it: http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/shapes-w4a8-cma-es-/,
    );
  });

  it('prints one JSON document with all that it promises', () => {
    const coefficients = {
      sample: expect.arrayContaining([expect.any(Number)]) as unknown,
      noise: expect.arrayContaining([expect.any(Number)]) as unknown,
    };
    const scored = {
      coefficients,
      score: expect.any(Number) as unknown,
      terms: { tc: expect.any(Number) as unknown, iq: expect.any(Number) as unknown },
    };
    expect(first).toMatchObject({
      searchId: expect.stringMatching(/^shapes-w4a8-cma-es-[0-9a-f]{8}$/) as unknown,
      status: 'finished',
      model: 'shapes',
      precision: 'w4a8',
      steps: STEPS,
      optimizer: 'cma-es',
      trials: 8,
      reused: 0,
      best: scored,
      identity: { ...scored, coefficients: { sample: [1, 1], noise: [1, 1] } },
      heldOut: {
        prompts: 4,
        gain: expect.any(Number) as unknown,
        low: expect.any(Number) as unknown,
        high: expect.any(Number) as unknown,
        recommend: expect.stringMatching(/^(calibrated|identity|none)$/) as unknown,
        calibrationGain: expect.any(Number) as unknown,
        optimism: expect.any(Number) as unknown,
      },
      control: null,
      database: expect.stringContaining('qsched.db') as unknown,
      temporalUi: expect.stringMatching(/^http/) as unknown,
      seconds: expect.any(Number) as unknown,
    });
    expect(first.heldOut.scorers.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
    expect(first.best.coefficients.sample).toHaveLength(STEPS);
    expect(first.heldOut.low).toBeLessThanOrEqual(first.heldOut.gain);
    expect(first.heldOut.high).toBeGreaterThanOrEqual(first.heldOut.gain);
    expect(first.best.score).toBeCloseTo(first.best.terms.tc! + 2 * first.best.terms.iq!, 9);
    // 9 candidates x 2 prompts, 2 finalists x 2 others, identity and finalist x 4 held-out ones
    expect(first.evaluations).toBe(9 * 2 + 2 * 2 + 2 * 4);
  });

  it('stops the server that it started, and leaves one row per evaluation and scorer', () => {
    expect(readServerRecord(data)).toBeNull();
    const [{ rows, keys } = { rows: 0, keys: 0 }] = query<{ rows: number; keys: number }>(
      data,
      'select count(*) as rows, count(distinct context_id || candidate_id || prompt_id || seed) as keys from evaluations',
    );
    expect(rows).toBe(keys);
    expect(rows).toBe(9 * 2 + 2 * 2 + 2 * 2 * 4);
  });

  it('keeps the best where plain sqlite3 finds it', async () => {
    const sql =
      'select search_id, searched_score, finalist_sample, identity_score, status, verdict from best_coefficients';
    const row = await sqlite(join(data, 'qsched.db'), sql);
    expect(row).toEqual([
      first.searchId,
      first.best.score,
      JSON.stringify(first.finalist.sample),
      first.identity.score,
      'finished',
      first.heldOut.recommend,
    ]);
  });

  it('status and best say the same', async () => {
    expect(await runJson(['status', first.searchId], data)).toMatchObject([
      {
        searchId: first.searchId,
        status: 'finished',
        asked: 9,
        scored: 9,
        failed: 0,
        best: Math.max(first.best.score, first.identity.score),
        identity: first.identity.score,
      },
    ]);
    const [best] = await runJson<{ searchId: string; recommend: string }[]>(['best'], data);
    expect(best).toMatchObject({
      searchId: first.searchId,
      searchedSample: first.best.coefficients.sample,
      searchedNoise: first.best.coefficients.noise,
      finalistSample: first.finalist.sample,
      finalistNoise: first.finalist.noise,
      recommend: first.heldOut.recommend,
    });
    expect((await runCli(['status', 'nonsense'], data)).code).toBe(2);
  });

  it('exports coefficients with the fused schedule of createScheduler', async () => {
    const output = join(data, 'schedule.json');
    expect((await runCli(['export', first.searchId, '--which', 'best', '--output', output], data)).code).toBe(0);
    const exported = JSON.parse(readFileSync(output, 'utf8')) as {
      coefficients: unknown;
      timesteps: number[];
      fused: FusedSchedule;
    };
    const model = openModelFolder('shapes', 'w4a8');
    const scheduler = createScheduler({ ...model.schedulerConfig, _class_name: 'TCDScheduler' });
    scheduler.setTimesteps(STEPS, { eta: 0 });
    expect(exported.coefficients).toEqual(first.best.coefficients);
    expect(exported.timesteps).toEqual([...scheduler.timesteps]);
    expect(exported.fused).toEqual(JSON.parse(JSON.stringify(scheduler.fused(first.best.coefficients))));
    const recommended = await runJson<{ fused: FusedSchedule }>(['export', '--which', 'identity'], data);
    expect(recommended.fused).toEqual(JSON.parse(JSON.stringify(scheduler.fused())));
  });

  it('a second time says that it has finished, shows the result, and runs nothing', async () => {
    const { code, stdout, stderr } = await runCli([...CMA, '--json'], data);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^the search .* has finished \(.* UTC\); run it again with --again$/m);
    expect(JSON.parse(stdout)).toMatchObject({ searchId: first.searchId, heldOut: first.heldOut });
    expect(await runJson<Body>(['resume', first.searchId.slice(0, -2)], data)).toMatchObject({ best: first.best });
    expect(await runJson<object[]>(['status'], data)).toHaveLength(1);
  });

  it('with --again uses every score again and finds the same', async () => {
    const again = await runJson<Body>([...CMA, '--again'], data);
    expect(again).toMatchObject({
      searchId: `${first.searchId}-2`,
      evaluations: first.evaluations,
      reused: first.evaluations,
      best: first.best,
      identity: first.identity,
      heldOut: first.heldOut,
    });
    expect(dump(data, first.searchId)).toEqual(firstDump);
  });

  it('evaluating its finalist on the confirm prompts uses the images of the confirmation', async () => {
    const schedules = ['--schedules', `identity,search:${first.searchId}`];
    const prompts = ['--prompts', 'shapes-heldout', '--count', '4', '--noise-seed', '1000'];
    const options = ['--model', 'shapes', '--steps', String(STEPS), '--scorers', 'none', '--features', 'none'];
    const evaluated = await runJson<EvaluateResult>(['evaluate', ...options, ...schedules, ...prompts], data);
    expect(evaluated).toMatchObject({ generated: 0, reused: 2 * 4 });
    const [objective] = first.heldOut.scorers;
    expect(evaluated.rows.map((row) => row.objective)).toEqual([
      expect.closeTo(objective!.identity, 9) as unknown,
      expect.closeTo(objective!.calibrated, 9) as unknown,
    ]);
  });

  it('another optimizer uses the scores of candidates that coincide', async () => {
    const few = await runJson<Body>([...GRID, '--budget', '4'], data);
    expect(few.reused).toBeGreaterThanOrEqual(2); // the identity's
    const all = await runJson<Body>([...GRID, '--budget', '9'], data);
    expect(all.trials).toBe(9);
    expect(all.reused).toBeGreaterThanOrEqual(5 * 2);
    // The middle of the grid is the identity, bit for bit.
    const [middle] = query<{ score: number }>(
      data,
      "select score from trials where search_id = ? and stage = 'calibration' and number = 5",
      all.searchId,
    );
    expect(middle?.score).toBe(all.identity.score);
    const failing = await runCli([...GRID, '--budget', '9', '--fail-without-gain'], data);
    expect(failing.code).toBe(all.heldOut.recommend === 'calibrated' ? 0 : 3);
  });

  it('grows, and keeps its first trials', async () => {
    const columns =
      "select number, candidate_id, score, created_at from trials where search_id = ? and stage = 'calibration' order by number";
    const before = query<object>(data, columns, first.searchId);
    const grown = await runJson<Body>(['resume', first.searchId, '--budget', '12'], data);
    expect(grown).toMatchObject({ searchId: first.searchId, trials: 12 });
    const after = query<object>(data, columns, first.searchId);
    expect(after).toHaveLength(13);
    expect(after.slice(0, 9)).toEqual(before);
    const shrunk = await runCli(['resume', first.searchId, '--budget', '8'], data);
    expect(shrunk.code).toBe(2);
    expect(shrunk.stderr).toMatch(/below the 12 of the search/);
  });

  it.each([2, 3])('with %i workers gives the same rows', async (workers) => {
    const other = newDataFolder();
    const result = await runJson<Body>([...CMA, '--workers', String(workers)], other);
    expect(result).toMatchObject({ searchId: first.searchId, best: first.best, heldOut: first.heldOut });
    expect(dump(other, result.searchId)).toEqual(firstDump);
  });

  it('is interrupted by Ctrl-C, names the command to resume, and that command finishes it', async () => {
    const other = newDataFolder();
    const running = startCli(CMA, other);
    await untilScored(other, 2, running);
    process.kill(running.pid, 'SIGINT');
    const { code, stderr } = await running.result;
    expect(code).toBe(130);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(readServerRecord(other)).toBeNull();
    const command = /npx qsched (resume \S+)/.exec(stderr)?.[1]?.split(' ') ?? [];
    const result = await runJson<Body>(command, other);
    expect(result).toMatchObject({ searchId: first.searchId, best: first.best, heldOut: first.heldOut });
    expect(dump(other, result.searchId)).toEqual(firstDump);
  });
});

describe('two searches at once in one new folder', () => {
  it('share a server and a database, whoever comes first and leaves first', async () => {
    const data = newDataFolder();
    const results = await Promise.all([runJson<Body>(CMA, data), runJson<Body>([...GRID, '--budget', '9'], data)]);
    expect(results.map(({ status }) => status)).toEqual(['finished', 'finished']);
    const [{ rows, keys } = { rows: 0, keys: 1 }] = query<{ rows: number; keys: number }>(
      data,
      'select count(*) as rows, count(distinct context_id || candidate_id || prompt_id || seed) as keys from evaluations',
    );
    expect(rows).toBe(keys);
    expect(readServerRecord(data)).toBeNull();
  });
});

describe('without our command line, at a running `qsched up`', () => {
  const data = newDataFolder();
  let up: RunningCli & { address: string };
  let temporal: string;

  beforeAll(async () => {
    temporal = (await findExecutable())!.path;
    up = await startUp(data);
  });

  /** Starts a search through the Temporal CLI and waits for its end. */
  async function search(id: string, input: object): Promise<{ ok: boolean; output: string; stderr: string }> {
    const where = ['--address', up.address];
    await run(temporal, [
      'workflow',
      'start',
      ...where,
      '--type',
      'search',
      '--task-queue',
      'qsched',
      '--workflow-id',
      id,
      '--input',
      JSON.stringify(input),
    ]);
    return run(temporal, ['workflow', 'result', ...where, '--workflow-id', id, '--output', 'json']).then(
      ({ stdout }) => ({ ok: true, output: stdout, stderr: '' }),
      (error: { stdout: string; stderr: string }) => ({ ok: false, output: error.stdout, stderr: error.stderr }),
    );
  }
  const run = (program: string, args: string[]) => promisify(execFile)(program, args, { env: environment(data) });

  const INPUT = {
    model: 'shapes',
    precision: 'w4a8',
    scheduler: { steps: STEPS },
    optimizer: { type: 'one-plus-one', budget: 4 },
    prompts: { count: 2, seeds: [0] },
    select: { count: 2, finalists: 2 },
    confirm: { count: 4 },
  };

  it('the Temporal CLI starts a search, and sqlite3 shows its result', async () => {
    const { ok, output } = await search('my-search', INPUT);
    expect(ok).toBe(true);
    expect(output).toContain('my-search');
    const row = await sqlite(
      join(data, 'qsched.db'),
      "select search_id, optimizer, status from best_coefficients where search_id = 'my-search'",
    );
    expect(row).toEqual(['my-search', 'one-plus-one', 'finished']);
  });

  it.each([
    ['no step', { ...INPUT, scheduler: { steps: 0 } }, 'scheduler.steps is 0: must be from 1 to 50.'],
    ['an unknown key', { ...INPUT, optimiser: {} }, 'Unknown key "optimiser". Did you mean "optimizer"?'],
    ['a path for a model', { model: '../shapes' }, 'model is "../shapes"'],
    ['an unknown model', { ...INPUT, model: 'nosuchmodel' }, 'There is no model "nosuchmodel".'],
    ['an unknown precision', { ...INPUT, precision: 'w4a7' }, 'The model "shapes" has no precision "w4a7".'],
    [
      'a set that two splits use',
      { ...INPUT, select: { set: 'shapes-calibration', count: 2 } },
      'prompts and select overlap',
    ],
  ])('%s fails at once, for good, with the sentence of our own command line', async (name, input, sentence) => {
    const id = `wrong-${name.replaceAll(' ', '-')}`;
    const { ok, output, stderr } = await search(id, input);
    expect(ok).toBe(false);
    expect(output + stderr).toContain(JSON.stringify(sentence).slice(1, -1));
    const { stdout } = await run(temporal, [
      'workflow',
      'show',
      '--address',
      up.address,
      '--workflow-id',
      id,
      '--output',
      'json',
    ]);
    const { events } = JSON.parse(stdout) as {
      events: {
        eventType: string;
        workflowExecutionFailedEventAttributes?: {
          failure: { applicationFailureInfo: { type: string; nonRetryable: boolean } };
          retryState: string;
        };
      }[];
    };
    expect(events.at(-1)?.workflowExecutionFailedEventAttributes?.failure.applicationFailureInfo).toMatchObject({
      type: 'usage',
      nonRetryable: true,
    });
    expect(query(data, 'select id from searches where id = ?', id)).toEqual([]);
  });

  it('our search joins it and leaves it running; the control shows the full-precision network', async () => {
    const body = await runJson<Body>([...GRID, '--budget', '4', '--control', 'evaluate'], data);
    expect(body.control).toMatchObject({
      precision: 'fp32',
      heldOut: { objective: expect.any(Number) as unknown },
      search: null,
    });
    const searched = await runJson<Body>(
      [...GRID, '--budget', '4', '--control', 'search', '--id', 'with-control'],
      data,
    );
    expect(searched.control).toMatchObject({
      precision: 'fp32',
      heldOut: body.control!.heldOut,
      search: {
        best: { score: expect.any(Number) as unknown },
        identity: { score: expect.any(Number) as unknown },
        heldOut: { prompts: 4, gain: expect.any(Number) as unknown },
      },
    });
    expect(searched.heldOut).toEqual(body.heldOut);
    expect(query(data, "select id, precision, status from searches where id like 'with-control%' order by id")).toEqual(
      [
        { id: 'with-control', precision: 'w4a8', status: 'finished' },
        { id: 'with-control-control', precision: 'fp32', status: 'finished' },
      ],
    );
    expect(readServerRecord(data)?.startedBy).toBe(up.pid);
  });

  it('a search from elsewhere joins it through TEMPORAL_ADDRESS, and says that it stores nothing here', async () => {
    const elsewhere = newDataFolder();
    const body = await runJson<Body>([...GRID, '--budget', '4', '--id', 'from-elsewhere'], elsewhere, {
      TEMPORAL_ADDRESS: up.address,
    });
    expect(body).toMatchObject({ searchId: 'from-elsewhere', database: null, reused: body.evaluations });
    expect(query(data, "select status from searches where id = 'from-elsewhere'")).toEqual([{ status: 'finished' }]);
    expect(query(elsewhere, 'select 1')).toEqual([]);
  });

  it('doctor finds the server, the models and the database', async () => {
    const { ok, findings } = await runJson<{ ok: boolean; findings: { check: string; ok: boolean; detail: string }[] }>(
      ['doctor'],
      data,
    );
    expect(ok).toBe(true);
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'models',
        ok: true,
        detail: expect.stringContaining('shapes (sd15: fp32, w4a6, w4a8, w8a8)') as unknown,
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'temporal server',
        ok: true,
        detail: expect.stringContaining('search attributes present') as unknown,
      }),
    );
  });

  it('ends with exit 0 while a search runs, and the follower takes its place', async () => {
    const running = startCli(
      ['search', ...SMALL, '--optimizer', 'cma-es', '--batch', '4', '--budget', '80', '--id', 'orphan', '--json'],
      data,
    );
    const before = scoredTrials(data);
    await untilScored(data, before + 2, running);
    process.kill(up.pid, 'SIGTERM');
    expect((await up.result).code).toBe(0);
    const { code, stdout, stderr } = await running.result;
    expect(stderr).toMatch(/this one takes its place/);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ searchId: 'orphan', trials: 80 });
    expect(readServerRecord(data)).toBeNull();
  });
});

/** One row, by the sqlite3 program where there is one. */
async function sqlite(path: string, sql: string): Promise<unknown[]> {
  try {
    const { stdout } = await promisify(execFile)('sqlite3', ['-json', path, sql]);
    return Object.values((JSON.parse(stdout) as object[])[0]!);
  } catch {
    return Object.values(query<object>(join(path, '..'), sql)[0]!);
  }
}
