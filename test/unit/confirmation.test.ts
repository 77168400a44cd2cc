/** The conclusion of confirming finalists, and the paired gain it is based on. */
import { describe, expect, test } from 'vitest';
import { confirmText } from '../../cli/text/confirm-text.js';
import { pairedBootstrap } from '../../metrics/statistics/bootstrap.js';
import { concludeConfirmation } from '../../metrics/statistics/confirmation.js';
import { meanGain, pairedGain, widest } from '../../metrics/statistics/paired-gain.js';
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import type { GainInterval } from '../../contract/search-result.js';

describe('a paired gain', () => {
  const identity = [
    [1, 2],
    [3, 5],
    [2, 2],
  ];
  const calibrated = [
    [2, 4],
    [3, 5],
    [3, 3],
  ];

  test('is the bootstrap of the differences, beside both means', () => {
    const {
      mean,
      prompts: _,
      pValue,
      ...intervals
    } = pairedBootstrap(
      [
        [1, 2],
        [0, 0],
        [1, 1],
      ],
      { resamples: 10_000, seed: 0 },
    );
    expect(pairedGain('objective', identity, calibrated)).toEqual({
      gain: {
        scorer: 'objective',
        prompts: 3,
        identity: 2.5,
        calibrated: 20 / 6,
        gain: mean,
        low: Math.min(intervals.percentile.low, intervals.studentised.low),
        high: Math.max(intervals.percentile.high, intervals.studentised.high),
        ...intervals,
      },
      pValue,
    });
  });

  test('has the same mean without intervals, also for one prompt', () => {
    expect(meanGain(identity, calibrated)).toBe(pairedGain('objective', identity, calibrated).gain.gain);
    expect(meanGain([[1, 2]], [[2, 4]])).toBe(1.5);
  });

  test('has the wider interval, end by end, as its low and high', () => {
    expect(widest({ percentile: { low: 1, high: 3 }, studentised: { low: 0, high: 2 } })).toEqual({ low: 0, high: 3 });
  });
});

describe('confirming', () => {
  const gainOf = (gain: number, prompts: number): GainInterval => ({
    scorer: 'objective',
    prompts,
    identity: 1,
    calibrated: 1 + gain,
    gain,
    low: 0.01,
    high: 1,
    percentile: { low: 0.01, high: 1 },
    studentised: { low: 0.01, high: 1 },
    probabilityOfGain: 1,
  });
  function row(
    recommend: EvaluatedRow['recommend'],
    own: { gain?: number; prompts?: number; pHolm?: number; gains?: readonly GainInterval[] } = {},
  ): EvaluatedRow {
    const { gain = 0.1, prompts = 40, pHolm = 0.001 } = own;
    return {
      recommend,
      pHolm,
      coefficients: { sample: [1], noise: [1] },
      gains: own.gains ?? [gainOf(gain, prompts)],
    } as unknown as EvaluatedRow;
  }
  const conclude = (...rows: EvaluatedRow[]) =>
    concludeConfirmation(
      rows.map((_, i) => ({ id: `s${i}`, calibrationGain: 0.3 })),
      rows,
      40,
    );

  test('recommends the largest gain among those that pass', () => {
    const several = conclude(
      row('calibrated'),
      row('calibrated', { gain: 0.2 }),
      row('calibrated', { gain: 0.4, pHolm: 0.03 }),
    );
    expect(several).toMatchObject({
      recommended: 's1',
      recommend: 'calibrated',
      reason: expect.stringContaining("remains significant after Holm's correction for 3 searches") as unknown,
    });
    expect(several.searches[0]!.optimismGap).toBeCloseTo(0.2, 12);
    expect(conclude(row('calibrated', { pHolm: 0.03 })).recommended).toBe('s0');
  });

  test('says why none is recommended', () => {
    const reasonOf = (...rows: EvaluatedRow[]) => {
      const { recommend, reason } = conclude(...rows);
      return `${recommend}: ${reason}`;
    };
    expect(reasonOf(row('identity'))).toBe('identity: The gain on held-out prompts is not proven in every score.');
    expect(reasonOf(row('calibrated', { pHolm: 0.03 }), row('identity'))).toBe(
      "identity: No gain remains significant after Holm's correction for 2 searches.",
    );
    expect(concludeConfirmation([{ id: 's', calibrationGain: null }], [row('none', { prompts: 19 })], 19).reason).toBe(
      '19 held-out prompts are too few for a verdict; it needs at least 20.',
    );
  });

  test('says which calibrated coefficients are worse than the baseline', () => {
    const below = { low: -0.09, high: -0.07 };
    const worse = () => row('identity', { gains: [{ ...gainOf(-0.078, 40), ...below }] });
    const numbers = 'are worse than the baseline on held-out prompts: objective -0.0780 (at most -0.0700).';
    expect(conclude(worse()).reason).toBe(`The calibrated coefficients ${numbers}`);
    expect(conclude(worse(), row('identity')).reason).toBe(
      `The calibrated coefficients of s0 ${numbers} The gain on held-out prompts is not proven in every score.`,
    );
  });

  test('says that images failed if that is the reason', () => {
    expect(conclude(row('identity', { prompts: 37 })).reason).toBe(
      'Images of 3 of 40 held-out prompts failed: nothing is recommended on the remaining prompts.',
    );
    expect(conclude(row('none', { prompts: 15 })).reason).toBe(
      'Images of 25 of 40 held-out prompts failed: a verdict needs at least 20 complete prompts.',
    );
    const nothing = conclude(row('none', { gains: [] }));
    expect(nothing.reason).toMatch(/^Images of 40 of 40 held-out prompts failed/);
    expect(nothing.searches[0]!.optimismGap).toBeNull();
  });

  test('is a table with its recommendation', () => {
    const about = {
      evaluateId: 'e',
      prompts: { set: 'held-out', count: 40, seeds: [2000], sha256: '' },
      generated: 80,
      reused: 0,
      warnings: [],
      seconds: 1,
    };
    const text = confirmText({ ...about, ...conclude(row('calibrated'), row('identity')) });
    expect(text).toMatch(/^search +score +baseline +finalist +gain .*\ns0 +objective +1\.0000 +1\.1000 +\+0\.1000 /);
    expect(text).toContain(
      '\n  s0: selection bias +0.2000 (the gain was +0.3000 on its calibration images); Holm-adjusted p 0.0010\n',
    );
    expect(text).toContain('\nrecommended: the finalist of s0\n');
    expect(confirmText({ ...about, ...conclude(row('none', { gains: [] })) })).toMatch(
      /^Nothing could be compared: see the warnings\.\n/,
    );
  });
});
