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
});
