/** The statistics of a gate: critical values of looks, plans, verdicts. */
import { describe, expect, test } from 'vitest';
import { criticalValues, spentAt } from '../../metrics/gate/boundaries.js';
import { judgeLook } from '../../metrics/gate/judge-look.js';
import { studentOf, upperQuantile, upperTail } from '../../metrics/gate/normal.js';
import { planGate } from '../../metrics/gate/plan-gate.js';
import type { GateSamples } from '../../metrics/gate/gate-samples.js';
import type { GatePlan, Judgement } from '../../metrics/gate/gate-plan.js';
import { studentQuantile } from '../../metrics/statistics/student.js';
import { uniforms } from '../../bench/coverage.js';
import { simulateGates } from '../../bench/gate-error/simulate-gates.js';

/** A pointwise score of 400 prompts: the reference has two seeds, the candidate one. */
function pointwise(name: string, difference: number, width: number, seed = 1, prompts = 400): GateSamples {
  const uniform = uniforms(seed);
  const noise = () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
  const reference = Array.from({ length: prompts }, () => [noise(), noise()]);
  const candidate = reference.map(([first]) => [first! + difference + width * noise()]);
  return { kind: 'pointwise', name, reference, candidate, margin: { spread: 0.1 } };
}

const first = (all: readonly GateSamples[], prompts: number): GateSamples[] =>
  all.map((one) =>
    one.kind === 'pairwise'
      ? { ...one, values: one.values.slice(0, prompts) }
      : { ...one, reference: one.reference.slice(0, prompts), candidate: one.candidate.slice(0, prompts) },
  );

/** A gate from its pilot of 20 prompts to its end. */
function runGate(all: readonly GateSamples[], looks = 4): { plans: GatePlan[]; judged: Judgement[] } {
  const plans = [planGate(first(all, 20), { most: 400, looks })];
  const judged: Judgement[] = [];
  do {
    const plan = plans.at(-1)!;
    judged.push(judgeLook(first(all, plan.looks[judged.length]!), judged.length, plan));
    plans.push(judged.at(-1)!.plan);
  } while (judged.at(-1)!.verdict === 'continue');
  return { plans, judged };
}

describe('critical values', () => {
  test('are those of Lan and DeMets for five even looks, O’Brien-Fleming spending, one-sided 2.5 %', () => {
    // Jennison and Turnbull (2000), and the ldbounds and gsDesign packages of R: 4.877, 3.357, 2.680, 2.290, 2.031.
    const looks = [1, 2, 3, 4, 5].map((k) => ({ prompts: 20 * k, fraction: k / 5 }));
    const values = criticalValues(looks, 0.025);
    [4.8769, 3.357, 2.6803, 2.2898, 2.031].forEach((value, k) => expect(values[k]).toBeCloseTo(value, 3));
  });

  test('of a single look are the quantile, and a look that spends nothing tests nothing', () => {
    expect(criticalValues([{ prompts: 50, fraction: 1 }], 0.025)[0]).toBeCloseTo(1.959964, 5);
    const [none, all] = criticalValues(
      [
        { prompts: 20, fraction: 0 },
        { prompts: 50, fraction: 1 },
      ],
      0.025,
    );
    expect(none).toBe(Infinity);
    expect(all).toBeCloseTo(1.959964, 4);
    expect(spentAt(0, 0.025)).toBe(0);
    expect(spentAt(1, 0.025)).toBe(0.025);
  });

  test('tails are those of the normal and of Student’s distribution', () => {
    expect(upperTail(1.959964)).toBeCloseTo(0.025, 7);
    expect(upperTail(6) / 9.865876e-10).toBeCloseTo(1, 5);
    expect(upperQuantile(0.001)).toBeCloseTo(3.090232, 5);
    for (const degrees of [19, 60, 400]) {
      for (const tail of [0.1, 0.025, 0.001]) {
        expect(studentOf(upperQuantile(tail), degrees)).toBeCloseTo(studentQuantile(1 - 2 * tail, degrees), 3);
      }
    }
  });
});

describe('a gate', () => {
  test('passes a candidate that differs little, and fails one that is clearly worse, at an early look', () => {
    const good = runGate([pointwise('objective', 0, 0.2), pointwise('second', 0, 0.2, 2)]);
    expect(good.judged.at(-1)!.verdict).toBe('passed');
    const bad = runGate([pointwise('objective', 0, 0.2), pointwise('second', -0.6, 0.2, 2)]);
    expect(bad.judged.at(-1)!.verdict).toBe('failed');
    expect(bad.judged.at(-1)!.scores.map(({ state }) => state)).toContain('below');
    expect(bad.judged.at(-1)!.prompts).toBeLessThan(bad.plans[0]!.prompts);
  });

  test('looks once with one look, and ends undecided where the prompts are too few', () => {
    const { judged, plans } = runGate([pointwise('objective', -0.1, 1)], 1);
    expect(plans[0]!.wanted).toBeGreaterThan(400);
    expect(plans[0]!.power).toBeLessThan(0.9);
    expect(judged[0]).toMatchObject({ verdict: 'continue', scores: [{ low: null, high: null, state: 'open' }] });
    expect(judged.at(-1)).toMatchObject({ verdict: 'undecided', prompts: 400 });
  });

  test('has the same bits twice, and bounds that contain the estimate', () => {
    const all = [pointwise('objective', -0.05, 0.4), pointwise('second', 0, 0.3, 2)];
    const { judged } = runGate(all);
    expect(judged).toEqual(runGate(all).judged);
    for (const { scores } of judged) {
      for (const { low, high, estimate } of scores) {
        expect(low ?? -Infinity).toBeLessThan(estimate);
        expect(high ?? Infinity).toBeGreaterThan(estimate);
      }
    }
  });

  test('plans by the spread alone: a shift of the candidate changes no number of prompts', () => {
    const plan = (difference: number) => planGate(first([pointwise('objective', difference, 0.4)], 32), { most: 5000 });
    expect(plan(-0.5).looks).toEqual(plan(0.5).looks);
  });

  test('of two scores needs more prompts than of one, and no more if the second is the first again', () => {
    const score = pointwise('objective', 0, 0.4);
    const wanted = (...all: GateSamples[]) => planGate(first(all, 32), { most: 5000 }).wanted!;
    expect(wanted(score, pointwise('second', 0, 0.4, 2))).toBeGreaterThan(wanted(score));
    expect(wanted(score, score)).toBe(wanted(score));
  });

  test('takes a candidate that is its reference as good, and pairs that are all alike', () => {
    const same = pointwise('objective', 0, 0);
    const pairs: GateSamples = { kind: 'pairwise', name: 'lpips', values: Array(400).fill([0]), floor: -0.1 };
    const { judged } = runGate([same, pairs]);
    expect(judged.at(-1)).toMatchObject({ verdict: 'passed' });
    expect(judged.at(-1)!.scores[1]).toMatchObject({ estimate: 0, low: 0, high: 0, state: 'above' });
  });

  test('takes a score of pairs against its floor', () => {
    const { candidate } = pointwise('lpips', 0, 0.2) as Extract<GateSamples, { kind: 'pointwise' }>;
    const lpips = (distance: number, floor: number): GateSamples => ({
      kind: 'pairwise',
      name: 'lpips',
      values: candidate.map((row) => row.map((value) => 0.02 * value - distance)),
      floor,
    });
    expect(runGate([lpips(0.05, -0.1)]).judged.at(-1)!.verdict).toBe('passed');
    expect(runGate([lpips(0.15, -0.1)]).judged.at(-1)!.verdict).toBe('failed');
  });

  test('counts the prompts that would decide, each direction as its mean points', () => {
    const { judged } = runGate([pointwise('objective', -0.1, 1.2)], 1);
    const { verdict, prompts, promptsToDecide, scores } = judged.at(-1)!;
    expect(verdict).toBe('undecided');
    expect(promptsToDecide ?? Infinity).toBeGreaterThan(prompts / 2);
    expect(scores[0]!.prompts).toBe(promptsToDecide);
  });

  test('refuses what it cannot judge, with a sentence', () => {
    const score = pointwise('objective', 0, 0.2);
    const plan = planGate(first([score], 32), { most: 400 });
    const flat = { ...score, reference: Array(32).fill([1, 1]), candidate: Array(32).fill([1]) } as GateSamples;
    expect(() => planGate(first([score], 19), { most: 400 })).toThrow('19 prompts are too few for a verdict');
    expect(() => planGate(first([score], 32), { most: 12 })).toThrow('The gate has 12 prompts');
    expect(() => planGate([{ ...score, margin: { spread: 0 } } as GateSamples], { most: 400 })).toThrow(
      'must be above 0',
    );
    expect(() => planGate([flat], { most: 400 })).toThrow('the reference scores the same with every seed');
    expect(() => planGate([], { most: 400 })).toThrow('The gate has no scores.');
    expect(() => judgeLook(first([score], 40), 1, plan)).toThrow('not the next one of the plan');
  });

  test('seldom passes a candidate at its margin, and mostly one that does not differ', () => {
    const cell = { shape: 'normal', seedsPerPrompt: 3, looks: 4 } as const;
    const at = simulateGates(cell, 'margin', 200, 200, 3);
    const design = simulateGates(cell, 'design', 200, 200, 3);
    // 2 % and 93 % are to be expected: bounds that a right program misses once in some ten thousand seeds.
    expect(at.passed).toBeLessThanOrEqual(14);
    expect(design.passed).toBeGreaterThanOrEqual(165);
    expect(design.prompts).toBeLessThan(at.prompts);
  });
});
