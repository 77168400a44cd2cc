/**
 * `qsched evaluate` and `qsched confirm` on the bundled model: a table, the same again from what is kept,
 * after damage, and after kill -9 without generating an image twice.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeShard } from '../../artefacts/shard-record.js';
import type { EvaluateResult } from '../../contract/evaluate-spec.js';
import type { SearchResult } from '../../contract/search-result.js';
import { BLOCK_IMAGES } from '../../contract/wire/render.js';
import { readServerRecord } from '../../temporal/server-record.js';
import {
  cleanUp,
  gone,
  killGroup,
  newDataFolder,
  query,
  runCli,
  runJson,
  startCli,
  startUp,
  type RunningCli,
} from './harness.js';

const PROMPTS = 24;
/** Two rows of few images. */
const SMALL = ['evaluate', '--model', 'shapes', '--precision', 'fp32,w4a8', '--steps', '2', '--count', String(PROMPTS)];
const IMAGES = 2 * PROMPTS;
/** Terms of two scorers and features, once per block of each row. */
const NUMBERS = 2 * Math.ceil(PROMPTS / BLOCK_IMAGES) * 3;
/** To the real images, of both rows; FID-SD and KID of the quantised one. */
const DISTANCES = 2 + 2;

const everyFile = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [];
const keys = (data: string): string[] => everyFile(join(data, 'artefacts', 'keys'));
/** Keys with the file that holds them: one that is bound anew is another file. */
const bindings = (data: string): Map<string, string> =>
  new Map(keys(data).map((path) => [path, `${statSync(path).ino}|${readFileSync(path, 'utf8')}`]));
const isImage = (path: string): boolean => readFileSync(path).subarray(1, 4).toString('latin1') === 'PNG';
const objectPath = (data: string, hash: string): string => join(data, 'artefacts', 'objects', hash.slice(0, 2), hash);
const objectOf = (data: string, key: string): string => objectPath(data, readFileSync(key, 'utf8'));
/** What is the same, whoever generated the images: a row with its blocks, however they were cut into records. */
const table = ({ rows }: EvaluateResult, data: string) =>
  rows.map(({ records, ...row }) => ({
    ...row,
    blocks: records.flatMap((hash) => decodeShard(readFileSync(objectPath(data, hash)))!),
  }));

afterAll(cleanUp);

describe('an evaluation in a folder of its own', () => {
  const data = newDataFolder();
  let first: EvaluateResult;

  beforeAll(async () => {
    await startUp(data); // the commands share its server and workers
    first = await runJson<EvaluateResult>(SMALL, data);
  });

  it('is a table of what was asked for, with intervals', () => {
    expect(first).toMatchObject({
      generated: IMAGES,
      reused: 0,
      prompts: { set: 'shapes-eval', count: PROMPTS, seeds: [2000] },
    });
    expect(
      first.rows.map(({ precision, schedule, steps, images, failed }) => [precision, schedule, steps, images, failed]),
    ).toEqual([
      ['fp32', 'identity', 2, PROMPTS, 0],
      ['w4a8', 'identity', 2, PROMPTS, 0],
    ]);
    for (const row of first.rows) {
      expect(row.objective).toBeCloseTo(row.tc! + 2 * row.iq!, 9);
      expect(row.fidLow!).toBeLessThanOrEqual(row.fid!);
      expect(row.fidHigh!).toBeGreaterThanOrEqual(row.fid!);
      expect(row.clipScore).toBeCloseTo(100 * row.scores['cosine@objective']!.mean, 9);
      expect(row.clipScoreLow).toBeCloseTo(100 * row.scores['cosine@objective']!.low, 9);
      expect(row.clipScoreHigh).toBeCloseTo(100 * row.scores['cosine@objective']!.high, 9);
      expect(row.objectiveLow!).toBeLessThan(row.objective!);
      expect(row.objectiveHigh!).toBeGreaterThan(row.objective!);
    }
    expect(first.rows.map(({ fidSd }) => fidSd === null)).toEqual([true, false]);
    expect(first.warnings.join()).toMatch(/fewer than 2000 images.*not Inception's/);
  });

  it('keeps one image per key, and what was computed from it', () => {
    expect(keys(data)).toHaveLength(IMAGES + NUMBERS + DISTANCES);
    expect(keys(data).filter((key) => isImage(objectOf(data, key)))).toHaveLength(IMAGES);
    expect(query<{ kind: string; status: string }>(data, 'select kind, status from runs')).toEqual([
      { kind: 'evaluate', status: 'finished' },
    ]);
  });

  it('a second time generates nothing, and gives the same bits', async () => {
    const before = bindings(data);
    const again = await runJson<EvaluateResult>(SMALL, data);
    expect(again).toMatchObject({ evaluateId: first.evaluateId, generated: 0, reused: IMAGES });
    expect(table(again, data)).toEqual(table(first, data));
    expect(bindings(data)).toEqual(before);
  });

  it('compares the images that are there with those of full precision, once', async () => {
    const names = ['psnr', 'ssim', 'lpips', 'clip-image'];
    const asked = [...SMALL, '--pairwise', names.join(',')];
    const made = await runJson<EvaluateResult>(asked, data);
    expect(made).toMatchObject({ generated: 0, reused: IMAGES });
    const [full, quantised] = made.rows;
    expect(full).not.toHaveProperty('pairwise');
    expect(Object.keys(quantised!.pairwise!)).toEqual(names);
    const { psnr, ssim, lpips, 'clip-image': cosine } = quantised!.pairwise!;
    expect(psnr!.mean).toBeGreaterThan(10);
    expect(psnr!.mean).toBeLessThan(60);
    for (const { mean, low, high } of [ssim!, cosine!]) {
      expect(mean).toBeLessThan(1);
      expect(low).toBeLessThan(mean);
      expect(high).toBeGreaterThan(mean);
    }
    expect(lpips!.low).toBeGreaterThan(0);
    const before = bindings(data);
    expect((await runJson<EvaluateResult>(asked, data)).rows[1]!.pairwise).toEqual(quantised!.pairwise);
    expect(bindings(data)).toEqual(before);
    const { stdout } = await runCli(asked, data);
    expect(stdout).toMatch(/psnr +ssim +lpips +clip-image +CLIPScore/);
    const { stdout: page } = await runCli(['report', made.evaluateId, '--json'], data);
    const [table] = (JSON.parse(page) as { parts: { worst: { score: string; pairs: unknown[] }[] }[] }).parts;
    expect(table!.worst[0]).toMatchObject({ score: 'psnr', pairs: { length: 4 } });
  });

  it('asked in another way uses the images that are there', async () => {
    const other = await runJson<EvaluateResult>(
      [
        'evaluate',
        '--model',
        'shapes',
        '--precision',
        'w4a8',
        '--steps',
        '2',
        '--count',
        String(PROMPTS + 6),
        '--scorers',
        'none',
        '--features',
        'none',
      ],
      data,
    );
    expect(other).toMatchObject({ generated: 6, reused: PROMPTS });
    expect(other.rows[0]).toMatchObject({ fid: null, fidFeatures: null });
  });

  it('makes a damaged image again, and says so', async () => {
    const victim = keys(data)
      .map((key) => objectOf(data, key))
      .find((object) => isImage(object))!;
    const whole = readFileSync(victim);
    writeFileSync(victim, whole.subarray(0, whole.length - 3));
    const fixed = await runJson<EvaluateResult>(SMALL, data);
    expect(fixed).toMatchObject({ generated: 1, reused: IMAGES - 1 });
    expect(fixed.warnings.join()).toMatch(/Damaged artefacts of shapes (fp32|w4a8) were removed and made again: 1\./);
    expect(table(fixed, data)).toEqual(table(first, data));
    expect(readFileSync(victim)).toEqual(whole);
  });

  it('is written as Markdown and CSV, by the name of the file', async () => {
    const file = join(data, 'table.md');
    expect((await runCli([...SMALL, '--output', file], data)).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^\| steps \| precision \| schedule \| FD \(shapes-clip-second\) \|.*\n\| ---: \|/,
    );
    const { stdout } = await runCli([...SMALL, '--format', 'csv'], data);
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stdout).toContain(`,${first.rows[1]!.clipScore},`);
  });

  it.each([
    ['no model', ['evaluate'], /An evaluation needs a model/],
    [
      'an unknown precision',
      ['evaluate', '--model', 'shapes', '--precision', 'w4a7'],
      /The model "shapes" has no precision "w4a7"/,
    ],
    [
      'too many prompts',
      ['evaluate', '--model', 'shapes', '--count', '99999'],
      /--count is 99999, but the prompt set "shapes-eval" /,
    ],
    ['an unknown scorer', ['evaluate', '--model', 'shapes', '--scorers', 'thrid'], /There is no scorer "thrid"/],
    [
      'a scorer without features',
      ['evaluate', '--model', 'shapes', '--features', 'brisque'],
      /--features names the scorer "brisque" \(brisque\), which has no features/,
    ],
    [
      'pairwise scores without full precision',
      ['evaluate', '--model', 'shapes', '--precision', 'w4a8', '--pairwise', 'psnr'],
      /asks for psnr, but no row has a full-precision row/,
    ],
    [
      'an unknown pairwise score',
      ['evaluate', '--model', 'shapes', '--precision', 'fp32,w4a8', '--pairwise', 'psrn'],
      /--pairwise is \["psrn"\]|"psrn": must be one of psnr, ssim/,
    ],
    [
      'a scorer of another kind',
      ['evaluate', '--model', 'shapes', '--precision', 'fp32,w4a8', '--pairwise', 'lpips@shapes-clip'],
      /The score "lpips@shapes-clip" needs a scorer of the kind lpips, but "shapes-clip" is of the kind clip/,
    ],
    ['an unknown format', ['evaluate', '--model', 'shapes', '--format', 'latex'], /--format is "latex"/],
    [
      'PTQD of full precision alone',
      ['evaluate', '--model', 'shapes', '--precision', 'fp32', '--schedules', 'ptqd'],
      /Nothing is left to evaluate: ptqd of shapes fp32/,
    ],
    [
      'a fit that nobody made',
      ['evaluate', '--model', 'shapes', '--steps', '2', '--schedules', 'ptqd', '--count', '2'],
      /There is no PTQD fit of shapes w4a8.*\n.*Make one: npx qsched ptqd --model shapes/,
    ],
    ['a search that nobody made', ['confirm', 'nosuchsearch'], /There is no search "nosuchsearch"/],
  ])('refuses %s with exit code 2', async (_, args, message) => {
    const { code, stderr } = await runCli(args, data);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(2);
  });
});

describe('kill -9 in the middle', () => {
  const LARGE = ['evaluate', '--model', 'shapes', '--precision', 'fp32,w4a8', '--steps', '4', '--count', '400'];
  const ALL = 800;
  let undisturbed: ReturnType<typeof table>;

  /** Waits until so many keys are there, and kills the whole group. */
  async function killAt(data: string, count: number, running: RunningCli): Promise<Map<string, string>> {
    while (keys(data).length < count) await sleep(20);
    killGroup(running.pid);
    await running.result;
    await sleep(1000); // the scoring processes see that their parent has gone
    return bindings(data);
  }

  /** Nothing that was there is bound anew, and every image is there once. */
  function expectNothingTwice(data: string, before: Map<string, string>): void {
    const after = bindings(data);
    expect([...before].filter(([key, binding]) => after.get(key) !== binding)).toEqual([]);
    expect([...after.keys()].filter((key) => isImage(objectOf(data, key)))).toHaveLength(ALL);
  }

  beforeAll(async () => {
    const data = newDataFolder();
    undisturbed = table(await runJson<EvaluateResult>(LARGE, data), data);
  });

  it('the same command continues, and generates no image again', async () => {
    const data = newDataFolder();
    const before = await killAt(data, 200, startCli(LARGE, data));
    expect(before.size).toBeLessThan(ALL);
    const resumed = await runJson<EvaluateResult>(LARGE, data);
    expect(resumed.generated + resumed.reused).toBe(ALL);
    expectNothingTwice(data, before);
    expect(table(resumed, data)).toEqual(undisturbed);
  });

  it('and without the Temporal data too: exactly what is missing is generated', async () => {
    const data = newDataFolder();
    const before = await killAt(data, 300, startCli(LARGE, data));
    const { pid } = readServerRecord(data)!;
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    for (const file of readdirSync(data).filter((name) => name.startsWith('temporal-') || name === 'server.json')) {
      rmSync(join(data, file));
    }
    const kept = [...before.keys()].filter((key) => isImage(objectOf(data, key))).length;
    const resumed = await runJson<EvaluateResult>(LARGE, data);
    expect(resumed).toMatchObject({ generated: ALL - kept, reused: kept });
    expectNothingTwice(data, before);
    expect(table(resumed, data)).toEqual(undisturbed);
  });

  it('Ctrl-C names the way back, and nothing is lost', async () => {
    const data = newDataFolder();
    const running = startCli(LARGE, data);
    while (keys(data).length < 100) await sleep(20);
    process.kill(running.pid, 'SIGINT');
    const { code, stderr } = await running.result;
    expect(code).toBe(130);
    expect(stderr).toMatch(/every image generated so far is kept\. Resume with the same command/);
    const before = bindings(data);
    const resumed = await runJson<EvaluateResult>(LARGE, data);
    expectNothingTwice(data, before);
    expect(table(resumed, data)).toEqual(undisturbed);
  });
});

describe('the finalist of a search', () => {
  const data = newDataFolder();
  const SEARCH = [
    'search',
    '--model',
    'shapes',
    '--steps',
    '2',
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
    '--batch',
    '4',
  ];
  interface Confirmed {
    readonly searches: readonly {
      readonly searchId: string;
      readonly gains: readonly { readonly scorer: string; readonly prompts: number; readonly gain: number }[];
      readonly calibrationGain: number;
      readonly optimismGap: number;
      readonly pHolm: number;
      readonly recommend: string;
    }[];
    readonly recommend: string;
    readonly reason: string;
    readonly prompts: EvaluateResult['prompts'];
    readonly generated: number;
  }
  let search: SearchResult;

  beforeAll(async () => {
    await startUp(data);
    search = await runJson<SearchResult>([...SEARCH, '--budget', '8'], data);
  });

  it('is confirmed on held-out prompts with new seeds', async () => {
    const confirmed = await runJson<Confirmed>(['confirm', '--count', '24'], data);
    expect(confirmed.prompts).toMatchObject({ set: 'shapes-heldout', count: 24, seeds: [2000] });
    const [own] = confirmed.searches;
    expect(own).toMatchObject({ searchId: search.searchId, coefficients: search.finalist });
    expect(own!.gains.map(({ scorer, prompts }) => [scorer, prompts])).toEqual([
      ['objective', 24],
      ['second', 24],
    ]);
    expect(own!.optimismGap).toBeCloseTo(own!.calibrationGain - own!.gains[0]!.gain, 12);
    expect(['calibrated', 'identity']).toContain(confirmed.recommend);
    expect(confirmed.generated).toBe(48);
    const { code, stdout } = await runCli(['confirm', search.searchId, '--count', '24', '--fail-without-gain'], data);
    expect(code).toBe(confirmed.recommend === 'calibrated' ? 0 : 3);
    expect(stdout).toMatch(/P\(gain > 0\)\n.*\n.*shapes-clip-second .*\n.*selection bias/);
  });

  it('has no verdict below 20 prompts', async () => {
    expect(await runJson<Confirmed>(['confirm', '--count', '19'], data)).toMatchObject({
      recommend: 'none',
      reason: expect.stringContaining('19 held-out prompts are too few') as unknown,
    });
  });

  it('is not confirmed on prompts that the search saw', async () => {
    const { code, stderr } = await runCli(['confirm', '--prompts', 'shapes-calibration', '--count', '24'], data);
    expect(code).toBe(2);
    expect(stderr).toMatch(/chose its coefficients with the prompt ".*", so it cannot be confirmed on it/);
  });

  it('stands beside another one, corrected by Holm', async () => {
    const other = await runJson<SearchResult>([...SEARCH, '--budget', '8', '--seed', '1'], data);
    const confirmed = await runJson<Confirmed>(['confirm', search.searchId, other.searchId, '--count', '24'], data);
    expect(confirmed.searches.map(({ searchId }) => searchId)).toEqual([search.searchId, other.searchId]);
    expect(confirmed.searches.every(({ pHolm }) => pHolm >= 0 && pHolm <= 1)).toBe(true);
    const apart = await runJson<SearchResult>([...SEARCH, '--budget', '4', '--precision', 'w4a6'], data);
    const { code, stderr } = await runCli(['confirm', search.searchId, apart.searchId], data);
    expect(code).toBe(2);
    expect(stderr).toMatch(/differ in precision/);
  });

  it('is a row of an evaluation, with its gain over the baseline', async () => {
    const { rows } = await runJson<EvaluateResult>(
      [
        'evaluate',
        '--model',
        'shapes',
        '--precision',
        'fp32,w4a8',
        '--steps',
        '2',
        '--count',
        String(PROMPTS),
        '--schedules',
        'identity,q-sched',
      ],
      data,
    );
    expect(rows.map(({ precision, schedule }) => [precision, schedule])).toEqual([
      ['fp32', 'identity'],
      ['w4a8', 'identity'],
      ['w4a8', 'q-sched'],
    ]);
    expect(rows[2]!.gains.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
    expect(rows[2]!.fidGain!.difference).toBeCloseTo(rows[2]!.fid! - rows[1]!.fid!, 9);
    expect(rows[2]!.gains[0]!.gain).toBeCloseTo(rows[2]!.objective! - rows[1]!.objective!, 9);
  });

  it('on prompts that its search saw is a gain that is not believed', async () => {
    const { warnings } = await runJson<EvaluateResult>(
      [
        'evaluate',
        '--model',
        'shapes',
        '--steps',
        '2',
        '--prompts',
        'shapes-calibration',
        '--count',
        '6',
        '--schedules',
        `identity,search:${search.searchId}`,
      ],
      data,
    );
    expect(warnings).toContain(
      `The search or fit behind "${search.searchId}" used 2 of these 6 prompts: the gain of its row is not a held-out gain.`,
    );
  });
});
