/** Repair and tuning: the split of a gain, its intervals, and their coverage. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BAND, REPAIR_CASES, simulateRepair, type RepairRow } from '../../bench/repair-coverage.js';
import { repairOf, shareOf, splitGain } from '../../metrics/statistics/repair.js';
import { mean } from '../../metrics/statistics/statistics.js';

/** Values of 40 prompts around `centre`, without a generator. */
const around = (centre: number, step: number, width = 0.2): number[] =>
  Array.from({ length: 40 }, (_, i) => centre + width * (((i * step) % 41) / 40 - 0.5));
const baseline = around(1, 7).map((value) => [value, value + 0.1]);
const plus = (gains: readonly number[]) => baseline.map((values, p) => values.map((value) => value + gains[p]!));
const network = (gains: readonly number[]) => ({ baseline, finalist: plus(gains) });

describe('repair', () => {
  test('is the gain minus what full precision gains as well', () => {
    const { gain, full, repair, share, prompts } = splitGain(
      'objective',
      network(around(0.3, 17)),
      network(around(0.1, 11)),
    );
    expect(prompts).toBe(40);
    expect(repair.value).toBeCloseTo(gain.value - full.value, 12);
    expect(share!.value).toBeCloseTo(repair.value / gain.value, 12);
    expect(repair.low).toBeLessThan(repair.value);
    expect(repair.high).toBeGreaterThan(repair.value);
    expect(share!.low).toBeLessThan(share!.value);
    expect(share!.high).toBeGreaterThan(share!.value);
  });

  test('is the whole gain where full precision loses, with the interval of the gain', () => {
    const g = around(0.3, 17);
    const { gain, repair, share } = splitGain('objective', network(g), network(around(-0.5, 11)));
    for (const end of ['value', 'low', 'high'] as const) expect(repair[end]).toBeCloseTo(gain[end], 12);
    expect(share).toEqual({ value: 1, low: 1, high: 1 });
  });

  test('takes the difference prompt by prompt: what both networks share widens no interval', () => {
    const g = around(0.3, 17, 2);
    const alike = repairOf(
      g,
      g.map((one) => one - 0.1),
    );
    expect(alike.value).toBeCloseTo(0.1, 12);
    expect(alike.high - alike.low).toBeLessThan(1e-9);
    const apart = repairOf(g, around(0.2, 11, 2));
    expect(apart.high - apart.low).toBeGreaterThan(0.2);
  });

  test('lies in its interval, is never above the gain, and has the same bits twice', () => {
    const gains = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(gains, gains, (g, f) => {
        const repair = repairOf(g, f, 200);
        expect(repair).toEqual(repairOf(g, f, 200));
        expect(repair.value).toBeCloseTo(mean(g) - Math.max(0, mean(f)), 9);
        expect(repair.value).toBeLessThanOrEqual(mean(g) + 1e-12);
        expect(repair.low).toBeLessThanOrEqual(repair.high);
      }),
      { numRuns: 50 },
    );
  });

  test('has no share of a gain that is not proven', () => {
    expect(splitGain('objective', network(around(0.001, 17)), network(around(0.1, 11))).share).toBeNull();
    expect(splitGain('objective', network(around(-0.3, 17)), network(around(-0.1, 11))).share).toBeNull();
  });
});

describe('the share', () => {
  test("has Fieller's interval: at its ends repair and that share of the gain just differ", () => {
    const [g, f] = [around(0.3, 17), around(0.1, 11)];
    const { low, high } = shareOf(g, f);
    for (const end of [low!, high!]) {
      const left = g.map((gain, p) => gain * (1 - end) - f[p]!);
      const squares = left.reduce((sum, value) => sum + (value - mean(left)) ** 2, 0);
      const t = mean(left) / Math.sqrt(squares / 39 / 40);
      expect(Math.abs(t)).toBeCloseTo(2.022690920036762, 6); // scipy.stats.t.ppf(0.975, 39)
    }
  });

  test('is at most 1, and has no interval where that has no bounds', () => {
    expect(shareOf(around(0.3, 17), around(0.0001, 11))).toMatchObject({ high: 1 });
    expect(shareOf(around(0.001, 17), around(0.1, 11))).toMatchObject({ low: null, high: null });
  });
});

describe('coverage by simulation, short form of bench/repair-coverage.ts', () => {
  test.each(REPAIR_CASES.filter(({ prompts }) => prompts === 40))('$split, $distribution gains', (one) => {
    const { repair, share } = simulateRepair(one, 300, 299, 5);
    // The standard error of a share of 300 is 0.013; the bench holds the narrow bounds.
    expect(repair).toBeGreaterThan(0.9);
    expect(repair).toBeLessThan(0.99);
    expect(share).toBeGreaterThan(0.9);
  });
});

describe('coverage by simulation, as bench/repair-coverage.json has it', () => {
  const { rows } = JSON.parse(readFileSync(new URL('../../bench/repair-coverage.json', import.meta.url), 'utf8')) as {
    rows: readonly RepairRow[];
  };

  test('has every cell', () => {
    expect(rows.map(({ split, distribution, prompts }) => ({ split, distribution, prompts }))).toEqual(REPAIR_CASES);
  });

  test.each(rows)('$split, $distribution gains, $prompts prompts', ({ repair, share, verdicts }) => {
    expect(verdicts).toBeGreaterThanOrEqual(5000);
    expect(repair).toBeGreaterThanOrEqual(BAND[0]);
    expect(repair).toBeLessThanOrEqual(BAND[1]);
    expect(share).toBeGreaterThanOrEqual(BAND[0]);
  });
});
