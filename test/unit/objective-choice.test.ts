/** An automatic k and constraints as pure functions: equal spreads, penalties, verdicts, and what is refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { searchIdOf } from '../../contract/content-id.js';
import type { QschedError } from '../../contract/errors.js';
import { objectiveAt } from '../../contract/settled-k.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { equalSpread, planAtK } from '../../metrics/objectives/equal-spread.js';
import { penalised } from '../../metrics/objectives/penalty.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { constrainedVerdict, heldConstraint } from '../../metrics/statistics/constrained-verdict.js';

const value = fc.double({ min: -10, max: 10, noNaN: true });
const deviation = (list: readonly number[]): number => {
  const mean = list.reduce((sum, one) => sum + one, 0) / list.length;
  return Math.sqrt(list.reduce((sum, one) => sum + (one - mean) ** 2, 0) / list.length);
};

describe('the k of equal spreads', () => {
  test('gives both weighted terms one spread, to the 4 digits that it is rounded to', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ tc: value, iq: value }), { minLength: 2, maxLength: 30 }), (terms) => {
        for (const type of ['jaq-clip', 'jaq-preference-tables']) {
          const k = equalSpread(terms, type);
          if (k === null) continue;
          const { weights } = planAtK(planObjective({ type: 'jaq-clip', k: 2, scorer: 'objective' }), 'jaq-clip', k);
          const [text, quality] = type === 'jaq-clip' ? weights : [k, 1];
          const spreads = [
            text * deviation(terms.map(({ tc }) => tc)),
            quality * deviation(terms.map(({ iq }) => iq)),
          ] as const;
          expect(Math.abs(spreads[0] / spreads[1] - 1)).toBeLessThan(6e-4);
          expect(Number(k.toPrecision(4))).toBe(k);
        }
      }),
    );
  });

  test('does not exist where a term is constant, missing, or hardly varies', () => {
    const of = (tc: readonly (number | null)[], iq: readonly (number | null)[]) =>
      equalSpread(
        tc.map((one, i) => ({ tc: one, iq: iq[i]! })),
        'jaq-clip',
      );
    expect(of([1, 2, 3], [0.1, 0.2, 0.3])).toBe(10);
    expect(of([1, 1, 1], [0.1, 0.2, 0.3])).toBeNull();
    expect(of([1, 2, 3], [0.2, 0.2, 0.2])).toBeNull();
    expect(of([null, null], [0.1, 0.2])).toBeNull();
    expect(of([0, 1e4], [0, 1])).toBeNull();
    expect(of([1], [1])).toBeNull();
    expect(of([], [])).toBeNull();
  });

  test('makes the plan of a search with this k; other plans stay as they are', () => {
    const plan = planObjective({ type: 'jaq-clip', k: 2, scorer: 'objective' });
    expect(planAtK(plan, 'jaq-clip', 1.7)).toEqual(planObjective({ type: 'jaq-clip', k: 1.7, scorer: 'objective' }));
    expect(planAtK(plan, 'jaq-preference', 1.7)).toBe(plan);
  });
});

describe('what an optimizer is told', () => {
  const kept = fc.record({ gain: value, atLeast: value, weight: value });

  test('is the score of a candidate that keeps the constraints, and never above the baseline for others', () => {
    fc.assert(
      fc.property(value, value, fc.array(kept, { maxLength: 4 }), (score, baseline, constraints) => {
        const told = penalised(score, baseline, constraints);
        if (constraints.every(({ gain, atLeast }) => gain >= atLeast)) expect(told).toBe(score);
        else expect(told).toBeLessThanOrEqual(Math.min(score, baseline));
      }),
    );
  });

  test('falls with what is missed', () => {
    fc.assert(
      fc.property(value, value, kept, fc.double({ min: 0, max: 5, noNaN: true }), (score, baseline, one, more) => {
        const less = { ...one, gain: one.gain - more };
        expect(penalised(score, baseline, [less])).toBeLessThanOrEqual(penalised(score, baseline, [one]));
      }),
    );
    expect(penalised(3, 2, [{ gain: -0.5, atLeast: -0.25, weight: 2 }])).toBe(1.5);
    expect(penalised(1, 2, [{ gain: -0.5, atLeast: -0.25, weight: 2 }])).toBe(0.5);
  });
});

describe('the verdict under constraints', () => {
  const proven = { recommend: 'calibrated', reason: 'Proven.' } as const;
  const held = (gain: number, low: number) =>
    heldConstraint({ name: 'text', atLeast: -0.002, gain, low, high: gain + (gain - low) });

  test.each([
    [held(0.001, -0.001), 'calibrated', 'Proven.'],
    [
      held(0.001, -0.005),
      'calibrated',
      'Proven. The constraint on text is kept on average (+0.001), but not proven: it may be as low as -0.005, where at least -0.002 is asked for.',
    ],
    [
      held(-0.003, -0.005),
      'identity',
      'Proven. The constraint on text is missed: -0.003 [-0.005, -0.001], where at least -0.002 is asked for.',
    ],
    [
      held(NaN, NaN),
      'identity',
      'Proven. The constraint on text is missed: NaN [NaN, NaN], where at least -0.002 is asked for.',
    ],
  ] as const)('%o', (constraint, recommend, reason) => {
    expect(constrainedVerdict(proven, [constraint], null)).toEqual({ recommend, reason });
    expect(constrainedVerdict({ ...proven, recommend: 'none' }, [constraint], null).recommend).toBe('none');
  });

  test('is the baseline if no candidate keeps them', () => {
    expect(constrainedVerdict(proven, [held(0, 0)], 'Nobody.')).toEqual({ recommend: 'identity', reason: 'Nobody.' });
    expect(constrainedVerdict(proven, [], null)).toEqual(proven);
  });
});

describe('in a spec', () => {
  const refusal = (objective: unknown, rest: object = {}): string => {
    try {
      parseSearchSpec({ model: 'shapes', objective, ...rest });
    } catch (error) {
      return `${(error as Error).message} ${(error as QschedError).hint}`;
    }
    return 'nothing was refused';
  };

  test('auto is for objectives with a k, and needs 16 candidates', () => {
    expect(parseSearchSpec({ model: 'shapes', objective: { k: 'auto' } }).objective.k).toBe('auto');
    expect(refusal({ k: 'auto', type: 'iq' })).toBe(
      'objective.k is auto, but the objective "iq" has no k. Leave it out.',
    );
    expect(refusal({ k: 'auto', weights: { 'clip-score': 1 } })).toContain('but the objective "weighted" has no k.');
    expect(refusal({ k: 'auto' }, { optimizer: { budget: 15 } })).toBe(
      'optimizer.budget is 15, but objective.k: auto is settled on the first 16 candidates. Use a larger budget, or give k.',
    );
    expect(() => parseEvaluateSpec({ rows: [{ model: 'shapes' }], objective: { k: 'auto' } })).toThrow(
      'objective.k is "auto": must be a number that is not negative.',
    );
  });

  test('they are part of the id only where they are given', () => {
    const id = searchIdOf({ model: 'shapes' });
    expect(searchIdOf({ model: 'shapes', objective: { k: 2 } })).toBe(id);
    expect(searchIdOf({ model: 'shapes', objective: { k: 'auto' } })).not.toBe(id);
    expect(searchIdOf({ model: 'shapes', objective: { atLeast: { text: 0 } } })).not.toBe(id);
  });

  test('the objective is scored with what was settled, 2 until then', () => {
    const { objective } = parseSearchSpec({ model: 'shapes', objective: { k: 'auto', atLeast: { text: 0 } } });
    const plain = { type: 'jaq-clip', scorer: 'objective' };
    expect(objectiveAt(objective, undefined)).toEqual({ ...plain, k: 2 });
    expect(objectiveAt(objective, { value: 0.9, candidates: 16, varied: true })).toEqual({ ...plain, k: 0.9 });
    expect(objectiveAt({ ...objective, k: 3 }, { value: 0.9, candidates: 16, varied: true }).k).toBe(3);
  });
});
