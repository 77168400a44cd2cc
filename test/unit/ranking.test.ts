/** Ranking by another k: the envelope of lines, the Pareto front, and scores to the bit. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createObjective, scoreOfTerms, varianceShare } from '../../metrics/objectives/jaq.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { frontOf } from '../../metrics/objectives/pareto.js';
import {
  lineOf,
  paretoFront,
  rankTerms,
  shareOfTerms,
  upperEnvelope,
  weightsAt,
  winnerChanges,
} from '../../metrics/objectives/ranking.js';

/** Terms on a grid, so that equal terms, parallel lines and crossings in one point are common. */
const coarse = fc.record({ tc: fc.integer({ min: 0, max: 6 }), iq: fc.integer({ min: 0, max: 6 }) });
/** Terms of any value, in whole steps of 2^-30: crossings of lines that differ by subnormal numbers are rounding alone. */
const inSteps = (low: number, high: number) =>
  fc.integer({ min: low * 2 ** 30, max: high * 2 ** 30 }).map((steps) => steps / 2 ** 30);
const fine = fc.record({ tc: inSteps(-2, 2), iq: inSteps(0, 1) });
const candidates = fc.oneof(
  fc.array(coarse, { minLength: 1, maxLength: 25 }),
  fc.array(fine, { minLength: 1, maxLength: 25 }),
);
const someK = fc.oneof(fc.constantFrom(0, 0.5, 1, 2, 5), fc.double({ min: 0, max: 50, noNaN: true }));
const lines = (terms: readonly { tc: number; iq: number }[]) => terms.map((one) => lineOf('jaq-clip', one));
const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * (1 + Math.abs(a) + Math.abs(b));

describe('weights and scores', () => {
  test.each(['jaq-clip', 'jaq-clip-log', 'jaq-preference', 'jaq-preference-tables', 'iq'] as const)(
    '%s: those of a search with this k',
    (type) => {
      fc.assert(
        fc.property(someK, fine, (k, terms) => {
          const searched = planObjective({ type, k, scorer: 'objective' });
          expect(weightsAt(type, k, type !== 'iq')).toEqual(searched.weights);
          const stored = type === 'iq' ? { ...terms, tc: null } : terms;
          const { intercept, slope } = lineOf(type, stored);
          expect(close(intercept + slope * k, scoreOfTerms(searched, stored))).toBe(true);
        }),
      );
    },
  );

  test('equal the search, bit for bit, at its own k', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            cosine: fc.double({ min: -1, max: 1, noNaN: true }),
            'clip-iqa.quality': fc.double({ min: 0, max: 1, noNaN: true }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        someK,
        (images, k) => {
          const objective = createObjective(planObjective({ type: 'jaq-clip', k, scorer: 'objective' }));
          const rows = images.map((terms) => ({ objective: terms }));
          expect(rankTerms([objective.terms(rows)], weightsAt('jaq-clip', k, true)).scores).toEqual([
            objective.score(rows),
          ]);
        },
      ),
    );
  });

  test('rank in descending order, the earlier first for equal scores', () => {
    const terms = [
      { tc: 1, iq: 0 },
      { tc: 0, iq: 1 },
      { tc: 1, iq: 1 },
      { tc: 1, iq: 0 },
    ];
    expect(rankTerms(terms, [1, 0]).order).toEqual([0, 2, 3, 1]);
    expect(rankTerms(terms, [1, 2])).toEqual({ scores: [1, 2, 3, 1], order: [2, 1, 0, 3] });
  });
});

test('shares of the variance remain finite for weights whose squares overflow', () => {
  const terms = [
    { tc: 0.1, iq: 0.3 },
    { tc: 0.4, iq: 0.2 },
    { tc: 0.2, iq: 0.7 },
  ];
  expect(shareOfTerms(terms, [1, 1e300])).toEqual({ tc: expect.closeTo(0, 12) as number, iq: 1 });
  expect(shareOfTerms(terms, [1e300, 1])).toEqual({ tc: 1, iq: expect.closeTo(0, 12) as number });
  const { tc, iq } = shareOfTerms(terms, [1, 2]);
  expect({ tc, iq }).toEqual(
    varianceShare(
      terms.map((one) => one.tc),
      terms.map((one) => one.iq),
      2,
    ),
  );
});

describe('the upper envelope', () => {
  test('of known lines changes at their crossings', () => {
    // 3, 2 + k, 1 + 1.5 k, 3 k - 3: 3 until k = 1, 2 + k until 2, then the two others meet at 8/3.
    const parts = upperEnvelope([
      { intercept: -3, slope: 3 },
      { intercept: 3, slope: 0 },
      { intercept: 1, slope: 1.5 },
      { intercept: 2, slope: 1 },
      { intercept: 1.5, slope: 0.9 },
    ]);
    expect(parts).toEqual([
      { index: 1, from: 0, to: 1 },
      { index: 3, from: 1, to: 2 },
      { index: 2, from: 2, to: 8 / 3 },
      { index: 0, from: 8 / 3, to: Infinity },
    ]);
    expect(winnerChanges(parts, 0.5, 2)).toEqual([
      { k: 1, from: 1, to: 3 },
      { k: 2, from: 3, to: 2 },
    ]);
    expect(winnerChanges(parts, 1.5, 1.9)).toEqual([]);
    expect(winnerChanges(parts, 3, 100)).toEqual([]);
  });

  test('changes to the steepest if three cross in one point', () => {
    expect(
      upperEnvelope([
        { intercept: 2, slope: 0 },
        { intercept: 1, slope: 1 },
        { intercept: 0, slope: 2 },
      ]),
    ).toEqual([
      { index: 0, from: 0, to: 1 },
      { index: 2, from: 1, to: Infinity },
    ]);
  });

  test('of equal lines names the first, and is empty without lines', () => {
    expect(
      upperEnvelope([
        { intercept: 1, slope: 1 },
        { intercept: 1, slope: 1 },
      ]),
    ).toEqual([{ index: 0, from: 0, to: Infinity }]);
    expect(
      upperEnvelope([
        { intercept: 1, slope: 0 },
        { intercept: 1, slope: 1 },
      ]),
    ).toEqual([
      { index: 0, from: 0, to: 0 },
      { index: 1, from: 0, to: Infinity },
    ]);
    expect(upperEnvelope([])).toEqual([]);
  });

  test('is the highest line at every k, in contiguous parts of increasing slope', () => {
    fc.assert(
      fc.property(candidates, someK, (terms, k) => {
        const all = lines(terms);
        const parts = upperEnvelope(all);
        expect(parts[0]!.from).toBe(0);
        expect(parts.at(-1)!.to).toBe(Infinity);
        parts.slice(1).forEach((part, i) => {
          expect(part.from).toBe(parts[i]!.to);
          expect(part.to).toBeGreaterThan(part.from);
          expect(all[part.index]!.slope).toBeGreaterThan(all[parts[i]!.index]!.slope);
        });
        const here = parts.find((part) => k >= part.from && k <= part.to)!;
        const at = (i: number) => all[i]!.intercept + all[i]!.slope * k;
        expect(close(at(here.index), Math.max(...all.map((_, i) => at(i))))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('and the ranking at any k agree on the winner', () => {
    fc.assert(
      fc.property(candidates, someK, (terms, k) => {
        const { scores, order } = rankTerms(terms, weightsAt('jaq-clip', k, true));
        const part = upperEnvelope(lines(terms)).find(({ from, to }) => k >= from && k <= to)!;
        expect(close(scores[part.index]!, scores[order[0]!]!)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('every change is a k at which the two winners have one score', () => {
    fc.assert(
      fc.property(candidates, (terms) => {
        const all = lines(terms);
        return winnerChanges(upperEnvelope(all), 0, 1e9).every(({ k, from, to }) =>
          close(all[from]!.intercept + all[from]!.slope * k, all[to]!.intercept + all[to]!.slope * k),
        );
      }),
    );
  });
});

/** Pairs on a coarse grid, so that equal pairs and equal coordinates are common, and pairs of any value. */
const pairs = fc.oneof(
  fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 })), { maxLength: 30 }),
  fc.array(fc.tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true, min: -1e300 })), { maxLength: 30 }),
);

describe('the front of two scores', () => {
  test('is what nothing dominates, the earliest of equal ones, from the best first score on', () => {
    fc.assert(
      fc.property(pairs, (scores) => {
        const front = frontOf(scores);
        const beats = ([a, b]: readonly [number, number], [c, d]: readonly [number, number]) =>
          a >= c && b >= d && (a > c || b > d);
        const expected = scores.flatMap((one, i) =>
          scores.some((other, j) => beats(other, one) || (j < i && other[0] === one[0] && other[1] === one[1]))
            ? []
            : [i],
        );
        expect([...front].sort((a, b) => a - b)).toEqual(expected);
        front.slice(1).forEach((i, at) => {
          expect(scores[i]![0]).toBeLessThan(scores[front[at]!]![0]);
          expect(scores[i]![1]).toBeGreaterThan(scores[front[at]!]![1]);
        });
      }),
      { numRuns: 500 },
    );
  });

  test('does not depend on candidates that are dominated, nor on an increasing transformation', () => {
    fc.assert(
      fc.property(pairs, (scores) => {
        const front = frontOf(scores);
        expect(frontOf(front.map((i) => scores[i]!))).toEqual(front.map((_, i) => i));
        expect(frontOf(scores.map(([a, b]) => [Math.sign(a), Math.sign(b)]))).toEqual(
          frontOf(scores.map(([a, b]) => [2 * Math.sign(a) + 1, 3 * Math.sign(b)])),
        );
      }),
    );
  });
});

describe('the Pareto front', () => {
  test('of known points, from the most text to the most quality', () => {
    expect(
      paretoFront([
        { tc: 0, iq: 3 },
        { tc: 2, iq: 2 },
        { tc: 2, iq: 1 },
        { tc: 1, iq: 2 },
        { tc: 3, iq: 0 },
        { tc: 2, iq: 2 },
      ]),
    ).toEqual([4, 1, 0]);
    expect(
      paretoFront([
        { tc: null, iq: 1 },
        { tc: null, iq: 2 },
      ]),
    ).toEqual([1]);
    expect(paretoFront([])).toEqual([]);
  });

  test('contains what nothing dominates, and dominates or equals all else', () => {
    fc.assert(
      fc.property(candidates, (terms) => {
        const front = new Set(paretoFront(terms));
        const dominates = (a: number, b: number) =>
          terms[a]!.tc >= terms[b]!.tc &&
          terms[a]!.iq >= terms[b]!.iq &&
          (terms[a]!.tc > terms[b]!.tc || terms[a]!.iq > terms[b]!.iq);
        const equal = (a: number, b: number) => terms[a]!.tc === terms[b]!.tc && terms[a]!.iq === terms[b]!.iq;
        terms.forEach((_, i) => {
          const beaten = terms.some((__, j) => dominates(j, i) || (j < i && equal(i, j)));
          expect(front.has(i)).toBe(!beaten);
        });
      }),
      { numRuns: 300 },
    );
  });

  test('contains every winner at a k above 0', () => {
    fc.assert(
      fc.property(candidates, (terms) => {
        const front = new Set(paretoFront(terms));
        return upperEnvelope(lines(terms))
          .filter(({ to }) => to > 0)
          .every(({ index }) => front.has(index));
      }),
      { numRuns: 300 },
    );
  });
});

test('shares of the variance are those of the weighted terms', () => {
  const terms = [
    { tc: 1, iq: 0.2 },
    { tc: 2, iq: 0.6 },
    { tc: 4, iq: 0.1 },
  ];
  const [tc, iq] = [terms.map((one) => one.tc), terms.map((one) => one.iq)];
  expect(shareOfTerms(terms, [1, 5])).toEqual(varianceShare(tc, iq, 5));
  const tables = shareOfTerms(terms, [5, 1]);
  expect(tables.iq).toBeCloseTo(varianceShare(iq, tc, 5).tc, 12);
  expect(tables.tc + tables.iq).toBeCloseTo(1, 12);
  expect(
    shareOfTerms(
      terms.map((one) => ({ ...one, tc: null })),
      [0, 1],
    ),
  ).toEqual({ tc: 0, iq: 1 });
  expect(shareOfTerms([terms[0]!], [1, 1])).toEqual({ tc: 0, iq: 0 });
});
