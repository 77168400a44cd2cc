/** One row of an evaluation in numbers, against numbers worked out by hand. */
import { describe, expect, test } from 'vitest';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import {
  distancesOf,
  finishedFeatures,
  type Remember,
  type RowFeatures,
} from '../../metrics/distances/row-distances.js';
import {
  clipScoreOf,
  compareRows,
  finishedImages,
  meanScores,
  objectiveOf,
  type TermTable,
} from '../../metrics/statistics/summary.js';

const NAMES = ['cosine', 'clip-iqa.quality'];
const PLAN = planObjective({ type: 'jaq-clip', k: 2, scorer: 'objective' });
const SECOND = planObjective({ type: 'jaq-clip', k: 2, scorer: 'second' });

/** Rows of [cosine, quality] by image; `second` has the same. */
function tableOf(
  prompts: number,
  seeds: number,
  rows: readonly (readonly [number, number])[],
  second = rows,
): TermTable {
  const values = (list: typeof rows) => Float64Array.from(list.flat());
  return {
    prompts,
    seeds,
    scorers: [
      { scorer: 'objective', names: NAMES, values: values(rows) },
      { scorer: 'second', names: NAMES, values: values(second) },
    ],
  };
}

describe('means', () => {
  // Prompts of two seeds: means of the cosine .1 and .3.
  const table = tableOf(2, 2, [
    [0, 0.5],
    [0.2, 0.5],
    [0.2, 0.5],
    [0.4, 0.5],
  ]);

  test('are over prompts, with the interval of resampled prompts', () => {
    const scores = meanScores(table);
    expect(Object.keys(scores)).toEqual([
      'cosine@objective',
      'clip-iqa.quality@objective',
      'cosine@second',
      'clip-iqa.quality@second',
    ]);
    const { mean, low, high } = scores['cosine@objective']!;
    // Two prompts drawn with replacement: .1, .2 or .3; a quarter each at the ends.
    expect(mean).toBeCloseTo(0.2, 12);
    expect(low).toBeCloseTo(0.1, 12);
    expect(high).toBeCloseTo(0.3, 12);
    expect(scores['clip-iqa.quality@objective']).toEqual({ mean: 0.5, low: 0.5, high: 0.5 });
  });

  test('leave out an image that one scorer failed on, for that scorer', () => {
    const failed = tableOf(
      2,
      2,
      [
        [0, 0.5],
        [0.2, 0.5],
        [0.2, 0.5],
        [0.4, 0.5],
      ],
      [
        [NaN, 0.5],
        [0.2, 0.5],
        [0.2, 0.5],
        [0.4, 0.5],
      ],
    );
    expect(finishedImages(failed)).toEqual([false, true, true, true]);
    expect(finishedImages(failed, ['objective'])).toEqual([true, true, true, true]);
    const scores = meanScores(failed);
    expect(scores['cosine@objective']!.mean).toBeCloseTo(0.2, 12);
    expect(scores['cosine@second']!.mean).toBeCloseTo((0.2 + 0.3) / 2, 12);
  });

  test('of fewer than two prompts are none', () => {
    expect(
      meanScores(
        tableOf(2, 1, [
          [0.1, 0.5],
          [NaN, NaN],
        ]),
      ),
    ).toEqual({});
  });
});

describe('the objective', () => {
  test('is TC + k IQ over the images', () => {
    // 2.5 max(cos, 0): 0.25, 0, 0.5; quality .2, .4, .6
    expect(
      objectiveOf(
        tableOf(3, 1, [
          [0.1, 0.2],
          [-0.3, 0.4],
          [0.2, 0.6],
        ]),
        PLAN,
      ),
    ).toEqual({
      tc: expect.closeTo(0.25, 12) as unknown,
      iq: expect.closeTo(0.4, 12) as unknown,
      objective: expect.closeTo(1.05, 12) as unknown,
      // Scores .65, .8 and 1.7; one draw in 27 is of one prompt alone.
      objectiveLow: expect.closeTo(0.65, 12) as unknown,
      objectiveHigh: expect.closeTo(1.7, 12) as unknown,
    });
  });

  test('is over the images that did not fail, and null without any', () => {
    expect(
      objectiveOf(
        tableOf(2, 1, [
          [0.1, 0.2],
          [NaN, 0.4],
        ]),
        PLAN,
      ).objective,
    ).toBeCloseTo(0.25 + 0.4, 12);
    expect(
      objectiveOf(
        tableOf(2, 1, [
          [NaN, 0.2],
          [NaN, 0.4],
        ]),
        PLAN,
      ),
    ).toEqual({ objective: null, objectiveLow: null, objectiveHigh: null, tc: null, iq: null });
  });

  test('has the interval of resampled prompts, seeds of one together', () => {
    // Two prompts of two seeds: means of the score 1.2 and 1.6. A quarter of the draws is of one prompt alone.
    const { objective, objectiveLow, objectiveHigh } = objectiveOf(
      tableOf(2, 2, [
        [0, 0.5],
        [0, 0.7],
        [0, 0.6],
        [0, 1],
      ]),
      PLAN,
    );
    expect([objective, objectiveLow, objectiveHigh].map((value) => value!.toFixed(9))).toEqual([
      '1.400000000',
      '1.200000000',
      '1.600000000',
    ]);
  });

  test('has an interval around itself if images of some prompts failed', () => {
    // Scores 0 and 0 of one prompt, 2 of the other: the mean over images is 2/3, that over prompts 1.
    // M + n / m (mean - M) with m = 1.5: 2/3 - 4/3 * 2/3 = -2/9, and 2/3 + 2/3 * 4/3 = 14/9.
    const { objective, objectiveLow, objectiveHigh } = objectiveOf(
      tableOf(2, 2, [
        [0, 0],
        [0, 0],
        [0, 1],
        [NaN, 0],
      ]),
      PLAN,
    );
    expect(objective).toBeCloseTo(2 / 3, 12);
    expect(objectiveLow).toBeCloseTo(-2 / 9, 12);
    expect(objectiveHigh).toBeCloseTo(14 / 9, 12);
  });

  test('has no interval for fewer than two prompts, or if it is not a mean over images', () => {
    const rows = [
      [0.1, 0.2],
      [0.3, 0.4],
    ] as const;
    expect(objectiveOf(tableOf(1, 2, rows), PLAN)).toMatchObject({
      objective: expect.any(Number) as unknown,
      objectiveLow: null,
      objectiveHigh: null,
    });
    const log = planObjective({ type: 'jaq-clip-log', k: 2, scorer: 'objective' });
    expect(objectiveOf(tableOf(2, 1, rows), log)).toMatchObject({
      objective: expect.closeTo(Math.log(20) + 0.6, 12) as unknown,
      objectiveLow: null,
      objectiveHigh: null,
    });
  });
});

describe('CLIPScore', () => {
  const rows = (...cosines: number[]): [number, number][] => cosines.map((cosine) => [cosine, 0.5]);

  test('is 100 x the mean cosine of the scorer named, with its interval', () => {
    const table = tableOf(2, 1, rows(0.1, 0.3), rows(0.5, 0.7));
    expect(clipScoreOf(table, 'second')).toEqual({
      clipScore: expect.closeTo(60, 10) as unknown,
      clipScoreLow: expect.closeTo(50, 10) as unknown,
      clipScoreHigh: expect.closeTo(70, 10) as unknown,
    });
    expect(clipScoreOf(table, 'brisque').clipScore).toBeCloseTo(20, 10);
  });

  test('is over the images of that scorer, and not below 0', () => {
    expect(clipScoreOf(tableOf(3, 1, rows(0.1, NaN, -0.3), rows(NaN, 0, 0)), 'objective')).toEqual({
      clipScore: 0,
      clipScoreLow: 0,
      clipScoreHigh: expect.closeTo(10, 10) as unknown,
    });
    expect(clipScoreOf(tableOf(2, 1, rows(0.1, NaN)), 'objective')).toEqual({
      clipScore: expect.closeTo(10, 10) as unknown,
      clipScoreLow: null,
      clipScoreHigh: null,
    });
    const none = { clipScore: null, clipScoreLow: null, clipScoreHigh: null };
    expect(clipScoreOf(tableOf(2, 1, rows(NaN, NaN)), 'objective')).toEqual(none);
    expect(clipScoreOf({ prompts: 2, seeds: 1, scorers: [] }, 'objective')).toEqual(none);
  });
});

describe('gains', () => {
  const JUDGED = [
    { scorer: 'objective', plan: PLAN },
    { scorer: 'second', plan: SECOND },
  ];
  /** 30 prompts of two seeds; quality rises by `gain` on the mean, by more on some prompts. */
  const rows = (gain: number): [number, number][] =>
    Array.from({ length: 60 }, (_, i) => [0.2, 0.5 + gain * (1 + 0.5 * Math.sin(Math.floor(i / 2)))]);

  test('are paired by prompt and seed, the objective first', () => {
    const { gains, pValue, recommend, lost } = compareRows(tableOf(30, 2, rows(0.1)), tableOf(30, 2, rows(0)), JUDGED);
    const expected = (2 * rows(0.1).reduce((sum, [, quality]) => sum + quality - 0.5, 0)) / 60;
    expect(gains.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
    expect(gains[0]).toMatchObject({ prompts: 30, probabilityOfGain: 1 });
    expect(gains[0]!.gain).toBeCloseTo(expected, 12);
    expect(gains[0]!.identity).toBeCloseTo(0.5 + 1, 12);
    expect(gains[0]!.calibrated).toBeCloseTo(1.5 + expected, 12);
    expect(gains[0]!.low).toBe(Math.min(gains[0]!.percentile.low, gains[0]!.studentised.low));
    expect(gains[0]!.percentile.low).toBeGreaterThan(0);
    expect(gains[0]!.percentile.low).toBeLessThan(expected);
    expect(gains[0]!.studentised.high).toBeGreaterThan(expected);
    expect(pValue).toBeCloseTo(1 / 10_001, 12);
    expect([recommend, lost]).toEqual(['calibrated', 0]);
  });

  test('of zero recommend the baseline, and so do losses', () => {
    expect(compareRows(tableOf(30, 2, rows(0)), tableOf(30, 2, rows(0)), JUDGED)).toMatchObject({
      recommend: 'identity',
      pValue: 1,
    });
    expect(compareRows(tableOf(30, 2, rows(-0.1)), tableOf(30, 2, rows(0)), JUDGED)).toMatchObject({
      recommend: 'identity',
      pValue: 1,
    });
  });

  test('have the largest p-value of their scores', () => {
    const other = (gain: number) =>
      rows(0).map(([cosine, quality], i): [number, number] => [cosine, quality + gain * Math.sin(i)]);
    const weak = compareRows(tableOf(30, 2, rows(0.1), other(0.1)), tableOf(30, 2, rows(0)), JUDGED);
    const alone = compareRows(tableOf(30, 2, other(0.1)), tableOf(30, 2, rows(0)), JUDGED.slice(0, 1));
    expect(weak.gains[0]!.probabilityOfGain).toBe(1);
    expect(weak.pValue).toBeGreaterThan(0.1);
    expect(weak.pValue).toBe(alone.pValue);
    const turned = compareRows(tableOf(30, 2, other(0.1), rows(0.1)), tableOf(30, 2, rows(0)), JUDGED);
    expect(turned.pValue).toBe(weak.pValue);
  });

  test('on prompts used to choose the coefficients are shown, without a recommendation', () => {
    const seen = compareRows(tableOf(30, 2, rows(0.1)), tableOf(30, 2, rows(0)), JUDGED, 4);
    expect(seen).toMatchObject({
      recommend: 'none',
      pValue: null,
      reason: '4 of these 30 prompts were used to choose the coefficients: this is not a held-out gain.',
    });
    expect(seen.gains.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
  });

  test('in the objective only do not recommend the row', () => {
    expect(compareRows(tableOf(30, 2, rows(0.1), rows(0)), tableOf(30, 2, rows(0)), JUDGED)).toMatchObject({
      recommend: 'identity',
    });
  });

  test('below 20 prompts have no verdict', () => {
    const few = (gain: number) => tableOf(19, 2, rows(gain).slice(0, 38));
    expect(compareRows(few(0.1), few(0), JUDGED)).toMatchObject({
      recommend: 'none',
      reason: expect.stringMatching(/19 held-out prompts are too few/) as unknown,
    });
  });

  test('leave out prompts with an image that failed in either, and do not recommend a row then', () => {
    const failed = rows(0.1);
    failed[7] = [NaN, NaN];
    const { gains, lost, recommend, reason } = compareRows(tableOf(30, 2, failed), tableOf(30, 2, rows(0)), JUDGED);
    expect(gains[0]!.prompts).toBe(29);
    expect([lost, recommend]).toEqual([1, 'identity']);
    expect(reason).toMatch(/^1 of 30 prompts lack an image or a score\./);
    expect(compareRows(tableOf(30, 2, rows(0.1)), tableOf(30, 2, failed), JUDGED)).toMatchObject({ lost: 1 });
  });

  test('of fewer than two complete prompts are empty', () => {
    const broken = rows(0).map((): [number, number] => [NaN, NaN]);
    expect(compareRows(tableOf(30, 2, broken), tableOf(30, 2, rows(0)), JUDGED)).toEqual({
      gains: [],
      pValue: null,
      lost: 30,
      recommend: 'none',
      reason: 'Only 0 of 30 prompts have every image and every score.',
    });
  });
});

describe('distances', () => {
  const features = (data: readonly number[], seeds = 1): RowFeatures => ({
    name: data.join(),
    seeds,
    table: { rows: data.length, dimension: 1, data: Float32Array.from(data) },
  });
  const nothing = { reference: null, identity: null, full: null, kind: 'clip' };
  /** Mean 0, variance 1. */
  const reference = {
    name: 'reference',
    dimension: 1,
    images: 100,
    mean: Float64Array.of(0),
    covariance: Float64Array.of(1),
  };

  test('of one feature are (mean difference)^2 + (difference of standard deviations)^2', async () => {
    // Mean 2, variance (4 + 0 + 4) / 2 = 4.
    const { fid } = await distancesOf(features([0, 2, 4]), { ...nothing, reference });
    expect(fid!.distance).toBeCloseTo(4 + 1, 10);
    expect(fid!.low).toBeGreaterThanOrEqual(0);
    expect(fid!.low).toBeLessThan(5);
    expect(fid!.high).toBeGreaterThan(5);
  });

  test('to the baseline are a difference: negative values are nearer', async () => {
    const far = features([2, 4, 6, 8]);
    const near = features([1, 3, 5, 7]);
    const { fidGain } = await distancesOf(near, { ...nothing, reference, identity: far });
    // Equal spread: 4^2 - 5^2.
    expect(fidGain!.difference).toBeCloseTo(-9, 10);
    expect(fidGain!.high).toBeLessThan(0);
    const same = (await distancesOf(near, { ...nothing, reference, identity: near })).fidGain!;
    expect([same.difference, same.low, same.high]).toEqual([0, 0, 0]);
  });

  test('to full precision are those of the same prompts and seeds', async () => {
    const row = features([1, 2, 3, NaN]);
    const full = features([3, NaN, 5, 100]);
    // Images 0 and 2 are in both: 1, 3 and 3, 5.
    const { fidSd, fid, cmmd } = await distancesOf(row, { ...nothing, full });
    expect(fidSd).toBeCloseTo(4, 10);
    expect([fid, cmmd]).toEqual([null, null]);
  });

  test('KID is unbiased under (xy + 1)^3', async () => {
    const k = (x: number, y: number): number => (x * y + 1) ** 3;
    const expected = k(1, 2) + k(0, 3) - (2 * (k(1, 0) + k(1, 3) + k(2, 0) + k(2, 3))) / 4;
    expect((await distancesOf(features([1, 2]), { ...nothing, full: features([0, 3]) })).kid).toBeCloseTo(expected, 10);
  });

  test('CMMD is computed only for its own features', async () => {
    const options = { ...nothing, full: features([-1, -1]) };
    expect((await distancesOf(features([1, 1]), options)).cmmd).toBeNull();
    expect((await distancesOf(features([1, 1]), { ...options, kind: 'cmmd' })).cmmd).toBeCloseTo(
      2000 * (1 - Math.exp(-4 / 200)),
      9,
    );
  });

  test('of too few images are null, with a warning', async () => {
    expect(
      await distancesOf(features([1, NaN, NaN]), { ...nothing, reference, full: features([1, 2, 3]) }),
    ).toMatchObject({ fid: null, fidSd: null, kid: null, warnings: ['too few images for a distance'] });
    expect(await distancesOf(null, { ...nothing, reference })).toMatchObject({ fid: null, warnings: [] });
  });

  test('are clustered by prompt: seeds of one prompt that agree tell nothing new', async () => {
    const once = (await distancesOf(features([0, 1, 3, 4, 7, 9]), { ...nothing, reference })).fid!;
    const twice = (await distancesOf(features([0, 0, 1, 1, 3, 3, 4, 4, 7, 7, 9, 9], 2), { ...nothing, reference }))
      .fid!;
    const width = ({ low, high, distance }: typeof once): number => (high - Math.max(low, 0)) / distance;
    expect(width(twice)).toBeGreaterThan(0.8 * width(once));
  });

  test('leave out an image with any feature that is not finite', async () => {
    const images = [
      [1, 2],
      [3, 5],
      [2, 2],
      [4, 1],
      [0, 3],
    ];
    const table = (rows: readonly (readonly number[])[]): RowFeatures => ({
      name: rows.join(';'),
      seeds: 1,
      table: { rows: rows.length, dimension: 2, data: Float32Array.from(rows.flat()) },
    });
    const two = {
      name: 'two',
      dimension: 2,
      images: 100,
      mean: Float64Array.of(0, 0),
      covariance: Float64Array.of(1, 0, 0, 1),
    };
    const whole = table(images);
    const options = {
      ...nothing,
      reference: two,
      identity: table(images.map(([x, y]) => [x! + 1, y!])),
      full: table(images.map(([x, y]) => [x!, y! * 2])),
    };
    for (const value of [NaN, Infinity, -Infinity]) {
      for (const bad of [
        [value, 7],
        [7, value],
      ]) {
        const broken = table([...images, bad]);
        expect(finishedFeatures(broken)).toEqual([true, true, true, true, true, false]);
        const good = {
          ...options,
          identity: table([...images.map(([x, y]) => [x! + 1, y!]), [8, 8]]),
          full: table([...images.map(([x, y]) => [x!, y! * 2]), [8, 8]]),
        };
        expect(await distancesOf(broken, good)).toEqual(await distancesOf(whole, options));
        expect(await distancesOf(table([...images, [8, 8]]), { ...good, identity: broken })).toMatchObject({
          fidGain: { difference: expect.any(Number) as unknown },
        });
      }
    }
  });

  test('are computed once each, by everything they depend on', async () => {
    const known = new Map<string, Float64Array>();
    const computed: string[] = [];
    const remember: Remember = async (what, of, compute) => {
      const key = JSON.stringify([what, of]);
      if (!known.has(key)) {
        computed.push(what);
        known.set(key, compute());
      }
      return known.get(key)!;
    };
    const identity = features([2, 4, 6, 8]);
    const options = { ...nothing, reference, identity, full: features([3, 4, 5, 7]) };
    const fresh = await distancesOf(features([1, 3, 5, 7]), options);
    expect(await distancesOf(features([1, 3, 5, 7]), options, remember)).toEqual(fresh);
    // The row's own and the identity's, each once.
    expect(computed).toEqual(['frechet-estimate/1', 'frechet-estimate/1', 'frechet-distance/1', 'kid/1']);
    expect(await distancesOf(features([1, 3, 5, 7]), options, remember)).toEqual(fresh);
    await distancesOf(identity, { ...nothing, reference }, remember);
    expect(computed).toHaveLength(4);
    // Another row shares the identity's estimate; an image that is missing changes what is compared.
    await distancesOf(features([0, 3, 5, 7]), { ...nothing, reference, identity }, remember);
    expect(computed).toHaveLength(5);
    const some = { ...nothing, reference, identity: features([2, 4, 6, NaN]) };
    expect(await distancesOf(features([1, 3, 5, 7]), some, remember)).toEqual(
      await distancesOf(features([1, 3, 5, 7]), some),
    );
    expect(computed).toHaveLength(7);
    await distancesOf(features([1, 3, 5, 7]), { ...nothing, reference: { ...reference, name: 'other' } }, remember);
    expect(computed).toHaveLength(8);
  });
});
