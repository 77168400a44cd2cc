/** The verdict, from what is stored. */
import { beforeEach, describe, expect, test } from 'vitest';
import { judge } from '../../db/judge.js';
import { openSearch } from '../../db/searches.js';
import { askTrials, recordTrials } from '../../db/trials.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import type { OpenRequest } from '../../contract/payloads.js';
import { store, makeSearch, steps, reference, ask, constant, scored, run } from './store-fixture.js';

describe('the verdict', () => {
  const PROMPTS = 40;
  let request: OpenRequest;
  /** A spread of terms over prompts, without any generator. */
  const base = (e: number) => 0.2 + ((e * 17) % 41) / 500;

  beforeEach(() => {
    request = makeSearch('s', { confirm: PROMPTS });
    openSearch(store, request);
    run(request, 'confirm', [steps(1)], 0, (e) => [base(e), 0.5]);
  });
  const verdictOf = () =>
    judge(store, {
      searchId: 's',
      contexts: reference(request, 'confirm').contexts,
      seeds: request.splits.confirm.seeds,
      objectives: ['objective', 'second'].map((scorer) => ({
        scorer,
        plan: planObjective({ type: 'jaq-clip', k: 2, scorer }),
      })),
    });

  test('says what the finalist gained on the calibration images; nothing where it has no scores there', () => {
    run(request, 'confirm', [steps(0.9)], 1);
    expect(verdictOf().calibrationGain).toBeNull();
    run(request, 'calibration', [steps(1)], 0);
    run(request, 'calibration', [steps(0.9)], 1, () => [0.4, 0.5]);
    expect(verdictOf().calibrationGain).toBeCloseTo(0.5, 12);
  });

  test('compares logarithms image by image on both sides', () => {
    const log = makeSearch('log', {
      prompts: 2,
      seeds: [0, 1],
      confirm: PROMPTS,
      rest: { objective: { type: 'jaq-clip-log' } },
    });
    openSearch(store, log);
    const before = [0.1, 0.2, 0.3, 0.4];
    const after = [0.4, 0.3, 0.3, 0.4];
    run(log, 'calibration', [steps(1)], 0, (e) => [before[e]!, 0.5]);
    run(log, 'calibration', [steps(0.9)], 1, (e) => [after[e]!, 0.5]);
    run(log, 'confirm', [steps(1), steps(0.9)], 0);
    const objectives = [{ scorer: 'objective', plan: log.objective }];
    const { calibrationGain } = judge(store, {
      searchId: 'log',
      contexts: reference(log, 'confirm').contexts,
      seeds: log.splits.confirm.seeds,
      objectives,
    });
    const each = before.reduce((sum, value, i) => sum + Math.log(after[i]! / value), 0) / 4;
    const ofTheSet = Math.log(1.4 / 1);
    expect(calibrationGain).toBeCloseTo(each, 12);
    expect(Math.abs(each - ofTheSet)).toBeGreaterThan(0.05);
  });

  test('recommends a gain that every scorer sees', () => {
    run(request, 'confirm', [steps(0.9)], 1, (e) => [base(e) + 0.02, 0.5 + (e % 3) / 100]);
    const result = verdictOf();
    expect(result.recommend).toBe('calibrated');
    expect(result.scorers.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
    const [gain] = result.scorers;
    expect(gain!.prompts).toBe(PROMPTS);
    expect(gain!.calibrated - gain!.identity).toBeCloseTo(gain!.gain, 10);
    expect(gain!.percentile.low).toBeLessThan(gain!.gain);
    expect(gain!.percentile.high).toBeGreaterThan(gain!.gain);
    expect(gain!.probabilityOfGain).toBe(1);
    expect(verdictOf()).toEqual(result);
  });

  test('keeps the identity where the second scorer sees none', () => {
    run(request, 'confirm', [steps(0.9)], 1, (e, scorer) => [
      base(e) + (scorer === 'objective' ? 0.02 : e % 2 === 0 ? -0.01 : 0.01),
      0.5,
    ]);
    const result = verdictOf();
    expect(result.recommend).toBe('identity');
    expect(result.reason).toContain('second');
  });

  test('leaves failed prompts out, and does not recommend what failed', () => {
    const confirm = reference(request, 'confirm');
    const { open } = askTrials(store, ask(confirm, [steps(0.9)], 1));
    recordTrials(store, {
      ...confirm,
      trials: [
        scored(confirm, open[0]!, PROMPTS, (e) => [base(e) + 0.02, 0.5 + (e % 3) / 100], [{ at: 3, reason: 'NaN' }]),
      ],
    });
    const result = verdictOf();
    expect(result.recommend).toBe('identity');
    expect(result.reason).toMatch(/^1 of 40 held-out prompts have images that failed\./);
    expect(result.scorers[0]!.prompts).toBe(PROMPTS - 1);
  });

  test('is impossible, for good, where nothing could be scored', () => {
    const confirm = reference(request, 'confirm');
    const { open } = askTrials(store, ask(confirm, [steps(0.9)], 1));
    recordTrials(store, {
      ...confirm,
      trials: [
        scored(
          confirm,
          open[0]!,
          PROMPTS,
          constant,
          Array.from({ length: PROMPTS }, (_, at) => ({ at, reason: 'NaN' })),
        ),
      ],
    });
    let caught: unknown;
    try {
      verdictOf();
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({
      code: 'failure',
      final: true,
      message: 'Only 0 of 40 held-out prompts could be scored: NaN (80 evaluations).',
    });
  });

  test('needs both trials', () => {
    expect(verdictOf).toThrow('Trial 1 of the confirmation is not in the database.');
  });
});
