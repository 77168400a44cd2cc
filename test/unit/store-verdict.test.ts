/** The verdict, from stored scores. */
import { beforeEach, describe, expect, test } from 'vitest';
import { finishSearch } from '../../db/finish.js';
import { judge } from '../../db/judge.js';
import { openStore } from '../../db/open-store.js';
import { pairedScores } from '../../db/paired-scores.js';
import { openSearch } from '../../db/searches.js';
import { askTrials } from '../../db/trials.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import type { FinishRequest, OpenRequest } from '../../contract/payloads.js';
import {
  ask,
  constant,
  makeSearch,
  path,
  recordScored,
  reference,
  run,
  scored,
  sql,
  steps,
  store,
} from './store-fixture.js';

describe('the verdict', () => {
  const PROMPTS = 40;
  let request: OpenRequest;
  /** A spread of terms over prompts, without a generator. */
  const base = (e: number) => 0.2 + ((e * 17) % 41) / 500;

  beforeEach(() => {
    request = makeSearch('s', { confirm: PROMPTS });
    openSearch(store, request);
    run(request, 'confirm', [steps(1)], 0, (e) => [base(e), 0.5]);
  });
  const judged = () => ({
    searchId: 's',
    contexts: reference(request, 'confirm').contexts,
    seeds: request.splits.confirm.seeds,
    objectives: ['objective', 'second'].map((scorer) => ({
      scorer,
      plan: planObjective({ type: 'jaq-clip', k: 2, scorer }),
    })),
  });
  const verdictOf = () => judge(store, judged());

  test('has the gain of the finalist on the calibration images, null if it has no scores there', () => {
    run(request, 'confirm', [steps(0.9)], 1);
    expect(verdictOf().calibrationGain).toBeNull();
    run(request, 'calibration', [steps(1)], 0);
    run(request, 'calibration', [steps(0.9)], 1, () => [0.4, 0.5]);
    expect(verdictOf().calibrationGain).toBeCloseTo(0.5, 12);
  });

  test('compares logarithms image by image, on calibration and held-out prompts', () => {
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

  test('recommends a gain in every scorer', () => {
    run(request, 'confirm', [steps(0.9)], 1, (e) => [base(e) + 0.02, 0.5 + (e % 3) / 100]);
    const result = verdictOf();
    expect(result.recommend).toBe('calibrated');
    expect(result.scorers.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
    const [gain] = result.scorers;
    expect(gain!.prompts).toBe(PROMPTS);
    expect(gain!.calibrated - gain!.identity).toBeCloseTo(gain!.gain, 10);
    expect(gain!.percentile.low).toBeLessThan(gain!.gain);
    expect(gain!.percentile.high).toBeGreaterThan(gain!.gain);
    expect(gain!.low).toBe(Math.min(gain!.percentile.low, gain!.studentised.low));
    expect(gain!.high).toBe(Math.max(gain!.percentile.high, gain!.studentised.high));
    expect(gain!.probabilityOfGain).toBe(1);
    expect(verdictOf()).toEqual(result);
  });

  test('only reads: a read-only handle gives the same, while the writer holds the file', () => {
    run(request, 'confirm', [steps(0.9)], 1, (e) => [base(e) + 0.02, 0.5 + (e % 3) / 100]);
    const reader = openStore(path, { readonly: true });
    store.$client.exec('begin immediate');
    expect(judge(reader, judged())).toEqual(verdictOf());
    store.$client.exec('rollback');
    reader.$client.close();
  });

  test('recommends the baseline if the second scorer shows no gain', () => {
    run(request, 'confirm', [steps(0.9)], 1, (e, scorer) => [
      base(e) + (scorer === 'objective' ? 0.02 : e % 2 === 0 ? -0.01 : 0.01),
      0.5,
    ]);
    const result = verdictOf();
    expect(result.recommend).toBe('identity');
    expect(result.reason).toContain('second');
  });

  test('leaves failed prompts out, and does not recommend the finalist then', () => {
    const confirm = reference(request, 'confirm');
    const { open } = askTrials(store, ask(confirm, [steps(0.9)], 1));
    recordScored({
      ...confirm,
      trials: [
        scored(confirm, open[0]!, PROMPTS, (e) => [base(e) + 0.02, 0.5 + (e % 3) / 100], [{ at: 3, reason: 'NaN' }]),
      ],
    });
    const result = verdictOf();
    expect(result.recommend).toBe('identity');
    expect(result.reason).toMatch(/^Images of 1 of 40 held-out prompts failed\./);
    expect(result.scorers[0]!.prompts).toBe(PROMPTS - 1);
    const { prompts, whole, scorers } = pairedScores(store, judged());
    expect([prompts, whole.length]).toEqual([PROMPTS, PROMPTS - 1]);
    expect(whole.map(({ position }) => position)).not.toContain(3);
    expect(scorers[0]!.finalist[3]).toEqual([expect.closeTo(2.5 * (base(4) + 0.02) + 2 * 0.51, 12)]);
  });

  test('leaves its scores per held-out prompt in the view prompt_gains', () => {
    run(request, 'calibration', [steps(1)], 0);
    run(request, 'confirm', [steps(0.9)], 1, (e, scorer) => [base(e) + (scorer === 'second' ? e / 1000 : 0.02), 0.5]);
    const { scorers } = verdictOf();
    const scored = { trial: 0, coefficients: steps(1), score: 1.5 };
    const result = {
      searchId: 's',
      best: scored,
      identity: scored,
      finalist: steps(0.9),
      heldOut: { recommend: 'calibrated' },
    } as unknown as FinishRequest['result'];
    const { searchId: _, ...how } = judged();
    finishSearch(store, { result });
    expect(sql('select * from prompt_gains')).toEqual([]);
    finishSearch(store, { result, judged: how });
    const rows = sql<{ scorer: string; position: number; gain: number }>(
      'select * from prompt_gains order by scorer, position',
    );
    expect(rows).toHaveLength(2 * PROMPTS);
    expect(rows[PROMPTS + 7]).toEqual({
      search_id: 's',
      scorer: 'second',
      position: 7,
      prompt: 'confirm prompt 7',
      baseline: expect.closeTo(2.5 * base(7) + 1, 12) as number,
      finalist: expect.closeTo(2.5 * (base(7) + 0.007) + 1, 12) as number,
      gain: expect.closeTo(2.5 * 0.007, 12) as number,
    });
    scorers.forEach(({ scorer, gain }) => {
      const own = rows.filter((row) => row.scorer === scorer);
      expect(own.reduce((sum, row) => sum + row.gain, 0) / own.length).toBeCloseTo(gain, 12);
    });
    finishSearch(store, { result, judged: { ...how, objectives: how.objectives.slice(0, 1) } });
    expect(sql('select scorer, count(*) as n from prompt_gains group by 1')).toEqual([
      { scorer: 'objective', n: PROMPTS },
    ]);
  });

  describe('beside the full-precision network', () => {
    /** The full-precision network's terms are higher by 0.1 x cosine everywhere, and gain `gain`. */
    const withFull = (gain: number, failed: number[] = []) => {
      request = makeSearch('s', { confirm: PROMPTS, control: true });
      openSearch(store, request);
      run(request, 'confirm', [steps(0.9)], 1, (e) => [base(e) + 0.02 + (e % 5) / 1000, 0.5]);
      run(request, 'control', [steps(1)], 0, (e) => [base(e) + 0.1, 0.5]);
      const control = reference(request, 'control');
      const { open } = askTrials(store, ask(control, [steps(0.9)], 1));
      const lost = failed.map((at) => ({ at, reason: 'NaN' }));
      const terms = (e: number) => [base(e) + 0.1 + gain + (e % 3) / 1000, 0.5];
      recordScored({ ...control, trials: [scored(control, open[0]!, PROMPTS, terms, lost)] });
      return judge(store, { ...judged(), full: control.contexts });
    };
    const g = 2.5 * (0.02 + 0.002);
    const f = (gain: number) => 2.5 * (gain + 39 / 40 / 1000);

    test('the gain of every scorer is split, on the same prompts and seeds', () => {
      const { split, recommend, scorers } = withFull(0.01);
      expect(recommend).toBe('calibrated');
      expect(split!.map(({ scorer }) => scorer)).toEqual(['objective', 'second']);
      const [{ gain, full, repair, share, prompts }] = split as [NonNullable<typeof split>[number]];
      expect(prompts).toBe(PROMPTS);
      expect(gain).toEqual({ value: scorers[0]!.gain, low: scorers[0]!.low, high: scorers[0]!.high });
      expect(gain.value).toBeCloseTo(g, 12);
      expect(full.value).toBeCloseTo(f(0.01), 12);
      expect(repair.value).toBeCloseTo(g - f(0.01), 12);
      expect(share!.value).toBeCloseTo(1 - f(0.01) / g, 12);
    });

    test('a loss there repairs nothing more: repair is at most the gain', () => {
      expect(withFull(-0.05).split![0]!.repair.value).toBeCloseTo(g, 12);
    });

    test('prompts that failed there are left out of the split alone', () => {
      const { split, scorers, recommend } = withFull(0.01, [3, 7]);
      expect(recommend).toBe('calibrated');
      expect(scorers[0]!.prompts).toBe(PROMPTS);
      expect(split![0]!.prompts).toBe(PROMPTS - 2);
    });

    test('there is no split if all of them failed, or without such a network', () => {
      const every = Array.from({ length: PROMPTS }, (_, at) => at);
      expect(withFull(0.01, every).split).toBeNull();
      expect(verdictOf().split).toBeNull();
    });
  });

  test('fails for good if nothing could be scored', () => {
    const confirm = reference(request, 'confirm');
    const { open } = askTrials(store, ask(confirm, [steps(0.9)], 1));
    recordScored({
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
      message: expect.stringMatching(
        /^Only 0 of 40 held-out prompts could be scored: NaN \(80 evaluations; for example ".+", seed \d+, c\^x [\d., ]+, c\^eps [\d., ]+\)\.$/,
      ) as string,
    });
  });

  test('needs both trials', () => {
    expect(verdictOf).toThrow('Trial 1 of the confirmation is not in the database.');
  });
});
