/**
 * Schedules through the command line: a search stores them, PTQD is fitted and stored, an evaluation compares them.
 */
import { requireFused } from '../../diffusion/fused.js';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompleteSchedule } from '../../contract/schedule-document.js';
import type { FitResult } from '../../contract/fit-payloads.js';
import { cleanUp, newDataFolder, query, runCli, runJson } from './harness.js';

const NETWORK = ['--model', 'shapes', '--steps', '2', '--eta', '0.3'];
const SMALL = [
  ...NETWORK,
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

interface Listed {
  readonly id: string;
  readonly kind: string;
  readonly scheduler: string;
  readonly searchId?: string;
}
interface Study {
  readonly ptqd: string;
  readonly qsched: string;
  readonly prompts: number;
  readonly rows: { scorer: string; schedule: string; score: number; gain: number; low: number; high: number }[];
}

afterAll(cleanUp);

describe('in a folder of its own', () => {
  const data = newDataFolder();
  let searchId: string;
  const schedules = () => runJson<Listed[]>(['schedules'], data);

  beforeAll(async () => {
    ({ searchId } = await runJson<{ searchId: string }>(['search', ...SMALL, '--budget', '4', '--batch', '4'], data));
  });

  it('a finished search stores its identity and its finalist', async () => {
    expect(
      (await schedules()).map(({ kind, scheduler, searchId: from }) => `${kind} ${scheduler} ${from}`).sort(),
    ).toEqual([`identity tcd ${searchId}`, `q-sched tcd ${searchId}`]);
  });

  it('what is exported is what is stored, and can be shown from its file', async () => {
    const exported = await runJson<CompleteSchedule>(['export', '--which', 'finalist'], data);
    const path = join(dirname(data), 'exported.json');
    writeFileSync(path, JSON.stringify(exported));
    const { id, added } = await runJson<{ id: string; added: boolean }>(['schedule', 'add', path], data);
    expect(added).toBe(false);
    expect((await schedules()).find(({ kind }) => kind === 'q-sched')!.id).toBe(id);
    expect((await runJson<CompleteSchedule>(['schedule', 'show', id.slice(0, 12)], data)).fused).toEqual(
      exported.fused,
    );
    const { code, stdout } = await runCli(['schedule', 'show', path], data);
    expect(code).toBe(0);
    expect(stdout).toContain('step  timestep  c^x');
  });

  it("the reference's fields", async () => {
    const { model_coeff, sample_coeff, clipiqa_scores, ...rest } = await runJson<Record<string, unknown>>(
      ['export', '--which', 'finalist', '--format', 'reference'],
      data,
    );
    const { coefficients } = await runJson<CompleteSchedule>(['export', '--which', 'finalist'], data);
    expect([model_coeff, sample_coeff]).toEqual([coefficients.noise[0], coefficients.sample[0]]);
    expect(clipiqa_scores).toHaveLength(2);
    expect(rest).toMatchObject({ checkpoint: 'shapes', quant_type: 'w4a8', eta: 0.3, k_value: 2 });
    expect(rest['clip_score']).toBeGreaterThan(0);
  });

  it('PTQD is fitted, stored once, and compared with the baseline and Q-Sched', async () => {
    const { id, trajectories, document } = await runJson<FitResult>(['ptqd', ...NETWORK, '--count', '2'], data);
    expect(trajectories).toBe(4); // 2 prompts x 2 seeds
    expect(document.ptqd).toHaveLength(2);
    expect(await runJson<FitResult>(['ptqd', ...NETWORK, '--count', '2'], data)).toMatchObject({
      id,
      trajectories,
      document,
      seconds: 0,
    });
    const [fused, identity] = [document.fused, document.identity!].map((one) => requireFused(one, 'PTQD').steps[0]!);
    expect(fused!.n).toBeLessThan(identity!.n);
    const study = await runJson<Study>(['reproduce', 'ptqd', ...NETWORK, '--count', '2', '--confirm-count', '4'], data);
    expect(study).toMatchObject({ ptqd: id, prompts: 4 });
    expect(study.rows.map(({ scorer, schedule }) => `${scorer} ${schedule}`)).toEqual([
      'objective identity',
      'objective ptqd',
      'objective q-sched',
      'second identity',
      'second ptqd',
      'second q-sched',
    ]);
    for (const { gain, low, high } of study.rows) {
      expect(low).toBeLessThanOrEqual(gain);
      expect(high).toBeGreaterThanOrEqual(gain);
    }
    const stored = query<{ score: number }>(
      data,
      "select score from trials where search_id = ? and stage = 'confirm' order by number",
      searchId,
    );
    expect(
      study.rows
        .filter(({ scorer, schedule }) => scorer === 'objective' && schedule !== 'ptqd')
        .map(({ score }) => score),
    ).toEqual(stored.map(({ score }) => score));
    expect((await schedules()).filter(({ kind }) => kind === 'ptqd').map((one) => one.id)).toEqual([id]);
  });

  it('a least-squares match is fitted, stored once, and evaluated beside the baseline', async () => {
    const made = await runJson<FitResult>(['match', ...NETWORK, '--count', '2'], data);
    const { id, trajectories, document } = made;
    expect(trajectories).toBe(4); // 2 prompts x 2 seeds
    expect(document).toMatchObject({ kind: 'match', match: [{ fixed: [] }, { fixed: [] }] });
    for (const { before, after } of document.match!) expect(after).toBeLessThan(before);
    expect(await runJson<FitResult>(['match', ...NETWORK, '--count', '2'], data)).toEqual({ ...made, seconds: 0 });
    const { rows } = await runJson<{ rows: { schedule: string; coefficients: object }[] }>(
      ['evaluate', ...NETWORK, '--schedules', 'identity,match', '--count', '4'],
      data,
    );
    expect(rows[1]).toMatchObject({ schedule: 'match', coefficients: document.coefficients });
    const { stdout } = await runCli(['schedule', 'show', id.slice(0, 12)], data);
    expect(stdout).toContain('root mean square distance to the full-precision latents after the step');
    expect((await schedules()).filter(({ kind }) => kind === 'match').map((one) => one.id)).toEqual([id]);
  });

  it.each<[string, string[], RegExp]>([
    ['a match of full precision', ['match', ...NETWORK, '--precision', 'fp32'], /but a least-squares match corrects/],
    ['full precision', ['ptqd', ...NETWORK, '--precision', 'fp32'], /--precision is "fp32", but PTQD corrects/],
    ['an unknown gamma', ['ptqd', ...NETWORK, '--gamma', 'stdd'], /--gamma is "stdd"\.\n {2}Did you mean "std"\?/],
    ['an unknown bias', ['ptqd', ...NETWORK, '--bias', 'one'], /--bias is "one"\.\n {2}Allowed: channel, step/],
    ['an unknown study', ['reproduce', 'overhed'], /There is no study "overhed"/],
    [
      'a schedule of other steps',
      ['reproduce', 'ptqd', '--model', 'shapes', '--steps', '2', '--eta', '0', '--schedule', 'SCHEDULE'],
      /was made for eta 0\.3, but this study has eta 0/,
    ],
    [
      'a scheduler that the model was not trained for',
      ['search', '--model', 'shapes', '--scheduler', 'consistency'],
      /Allowed for this model: tcd, lcm, ddim, euler, euler-ancestral/,
    ],
    [
      'a DDIM spacing on LCM',
      ['search', '--model', 'shapes', '--scheduler', 'lcm', '--spacing', 'trailing'],
      /the timesteps of the scheduler "lcm" are fixed by its method/,
    ],
  ])('%s is refused before anything is started', async (_, args, pattern) => {
    const id = (await schedules()).find(({ kind }) => kind === 'q-sched')!.id;
    const { code, stderr } = await runCli(
      args.map((arg) => (arg === 'SCHEDULE' ? id : arg)),
      data,
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(pattern);
    expect(stderr).not.toMatch(/starting/);
  });
});

it('another scheduler of the same model is searched like any', async () => {
  const data = newDataFolder();
  const result = await runJson<{ searchId: string; steps: number }>(
    [
      'search',
      '--model',
      'shapes',
      '--scheduler',
      'euler-ancestral',
      '--spacing',
      'trailing',
      '--steps',
      '2',
      '--count',
      '2',
      '--noise-seed',
      '0',
      '--select-count',
      '2',
      '--finalists',
      '1',
      '--confirm-count',
      '4',
      '--budget',
      '2',
      '--batch',
      '2',
    ],
    data,
  );
  const exported = await runJson<CompleteSchedule>(['export', result.searchId, '--which', 'finalist'], data);
  expect(exported.timesteps).toEqual([999, 499]);
  expect(exported.fused).toMatchObject({ scheduler: 'euler-ancestral' });
  expect(exported.fused.initNoiseSigma).toBeGreaterThan(14);
});
