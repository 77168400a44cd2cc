/**
 * A study of the paper through the command line: small, interrupted, killed, and run again.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StudyResult } from '../../contract/study-spec.js';
import { cleanUp, gone, killGroup, newDataFolder, query, runCli, runJson, startCli, untilScored } from './harness.js';

const STUDY = ['reproduce', 'table-3', '--count', '40', '--budget', '4'];

interface Counts {
  readonly evaluations: number;
  readonly keys: number;
  readonly trials: number;
  readonly searches: number;
}
const counts = (data: string): Counts | undefined =>
  query<Counts>(
    data,
    `select count(*) as evaluations, count(distinct key) as keys, (select count(*) from trials) as trials,
  (select count(*) from searches where status = 'finished') as searches from evaluations`,
  )[0];
const runs = (data: string) =>
  query<{ kind: string; status: string; name: string }>(data, 'select kind, status, name from runs order by kind');
/** Everything of a result but how long it took. */
const table = (result: StudyResult): StudyResult => ({ ...result, seconds: 0 });

/** Waits until the evaluation has kept something. */
async function firstImage(data: string): Promise<void> {
  while (!existsSync(join(data, 'artefacts', 'keys'))) await sleep(20);
}

afterAll(cleanUp);

describe('a study', () => {
  const data = newDataFolder();
  let first: StudyResult;
  let stored: Counts | undefined;

  beforeAll(async () => {
    first = await runJson<StudyResult>(STUDY, data);
    stored = counts(data);
  });

  it("is one JSON document: rows with intervals, the study's own column, notes and seconds", () => {
    expect(first).toMatchObject({
      study: 'table-3',
      columns: ['tune'],
      prompts: { set: 'shapes-eval', count: 40 },
      objective: { type: 'jaq-clip', k: 2 },
    });
    expect(first.rows.map(({ tune, schedule, label }) => [tune, schedule, label])).toEqual([
      ['none', 'identity', 'Original'],
      ['noise', 'q-sched', 'Q-Sched, c^eps'],
      ['sample', 'q-sched', 'Q-Sched, c^x'],
      ['both', 'q-sched', 'Q-Sched, (c^eps, c^x)'],
    ]);
    for (const { images, fid, fidLow, fidHigh, clipScore, steps, scheduler } of first.rows) {
      expect({ images, steps, scheduler }).toEqual({ images: 40, steps: 4, scheduler: 'tcd' });
      expect(fidLow).toBeLessThanOrEqual(fid!);
      expect(fidHigh).toBeGreaterThanOrEqual(fid!);
      expect(clipScore).toBeGreaterThan(0);
    }
    const [original, ...tuned] = first.rows;
    expect(original!.gain).toBeNull();
    for (const { gain, gainLow, gainHigh, objective, coefficients, source } of tuned) {
      expect(gain).toBeCloseTo(objective! - original!.objective!, 9);
      expect(gainLow).toBeLessThanOrEqual(gain!);
      expect(gainHigh).toBeGreaterThanOrEqual(gain!);
      expect(coefficients.sample).toHaveLength(4);
      expect(query(data, 'select id from searches where id = ? and status = ?', source, 'finished')).toHaveLength(1);
    }
    expect(tuned[0]!.coefficients.sample).toEqual([1, 1, 1, 1]); // c^eps alone
    expect(tuned[1]!.coefficients.noise).toEqual([1, 1, 1, 1]);
    expect(first.notes.join()).toMatch(/fewer than 2000/);
    expect(first.seconds).toBeGreaterThan(0);
    expect(runs(data)).toEqual([
      { kind: 'evaluate', status: 'finished', name: expect.any(String) as unknown },
      { kind: 'study', status: 'finished', name: 'table-3' },
    ]);
  });

  it('run again is the same table, and evaluates nothing', async () => {
    const file = join(dirname(data), 'table.md');
    const { code, stdout } = await runCli([...STUDY, '--format', 'markdown', '--output', file], data);
    expect([code, stdout]).toEqual([0, '']);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[5]).toContain(`| ${first.rows[3]!.fid!.toFixed(4)} [`);
    expect(counts(data)).toEqual(stored);
  });

  it('continues after Ctrl-C and after kill -9, to the same table, with no evaluation made twice', async () => {
    const disturbed = newDataFolder();
    const interrupted = startCli(STUDY, disturbed);
    await untilScored(disturbed, 3, interrupted);
    process.kill(interrupted.pid, 'SIGINT');
    const { code, stderr } = await interrupted.result;
    expect(code).toBe(130);
    expect(stderr).toMatch(/everything scored so far is stored\. Resume with the same command/);
    const killed = startCli(STUDY, disturbed);
    await firstImage(disturbed);
    killGroup(killed.pid);
    await gone(killed.pid);
    expect(table(await runJson<StudyResult>(STUDY, disturbed))).toEqual(table(first));
    expect(counts(disturbed)).toEqual(stored);
    expect(stored!.keys).toBe(stored!.evaluations);
  });
});

it.each<[string, string[], RegExp]>([
  [
    'an unknown study',
    ['reproduce', 'table-2'],
    /There is no study "table-2"\.\n {2}Did you mean "table-1"\? Allowed: table-1, .*surface, ptqd, overhead/,
  ],
  [
    'the old name of the command',
    ['study', 'table-2'],
    /`qsched study` is now `qsched reproduce`.*\nqsched: There is no study/,
  ],
  ['an unknown precision', ['reproduce', 'table-1', '--precision', 'w4a7'], /no precision "w4a7".*\n.*w4a8/],
  ['full precision', ['reproduce', 'table-1', '--precision', 'fp32'], /full-precision/],
  [
    'a flag that the study decides',
    ['reproduce', 'table-1', '--steps', '4'],
    /The study table-1 does not take --steps/,
  ],
  [
    'more prompts than there are',
    ['reproduce', 'table-1', '--count', '5000'],
    /--count is 5000, but the prompt set "shapes-eval" contains 2385 prompts/,
  ],
  ['a budget of none', ['reproduce', 'table-1', '--budget', '0'], /--budget is "0": it must be a whole number from 1/],
  ['another format', ['reproduce', 'table-1', '--format', 'html'], /--format is "html"/],
  [
    "a table's flag on another study",
    ['reproduce', 'overhead', '--format', 'csv'],
    /The study overhead does not take --format/,
  ],
])('%s is refused before anything is started', async (_, args, pattern) => {
  const { code, stderr } = await runCli(args, newDataFolder());
  expect(code).toBe(2);
  expect(stderr).toMatch(pattern);
  expect(stderr).not.toMatch(/starting/);
});
