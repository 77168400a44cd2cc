/** Objectives, scores at their edges, and what they refuse. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clipIqaFromCosines } from '../../metrics/clip-iqa.js';
import { clipScoreHessel, cosineSimilarity, meanClipScore } from '../../metrics/clip-score.js';
import { createObjective, LOG_FLOOR, objectiveNames, varianceShare, type Terms } from '../../metrics/jaq.js';
import { QschedError } from '../../spec/errors.js';

const row = (cosine: number, quality: number): Terms => ({ cosine, 'clip-iqa.quality': quality, 'clip-iqa.noisiness': 0.1 });
const rows = [row(0.3, 0.8), row(-0.1, 0.2), row(0.2, 0.5)];

/** The error that a call throws. */
function thrown(call: () => unknown): QschedError {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(QschedError);
    return error as QschedError;
  }
  throw new Error('nothing was thrown');
}

describe('jaq-clip', () => {
  const objective = createObjective({ type: 'jaq-clip', k: 2 });

  test('is 2.5 max(cos, 0) + k CLIP-IQA, a picture at a time, then the mean', () => {
    expect(objective.terms(rows).tc).toBeCloseTo((0.75 + 0 + 0.5) / 3, 14);
    expect(objective.terms(rows).iq).toBeCloseTo(0.5, 14);
    expect(objective.score(rows)).toBeCloseTo(1.25 / 3 + 1, 14);
    expect(rows.map((one) => objective.perImage(one)).reduce((a, b) => a + b) / 3).toBeCloseTo(objective.score(rows), 14);
    expect(objective.needs).toEqual(['cosine', 'clip-iqa.quality']);
  });
});

describe('jaq-clip-log', () => {
  const objective = createObjective({ type: 'jaq-clip-log', k: 0.5 });

  test('takes the logarithm of the mean on the 0-100 scale', () => {
    expect(objective.terms(rows).tc).toBeCloseTo(Math.log((30 - 10 + 20) / 3), 13);
    expect(objective.score(rows)).toBeCloseTo(Math.log(40 / 3) + 0.25, 13);
    expect(objective.perImage(rows[0]!)).toBeCloseTo(Math.log(30) + 0.4, 13);
  });

  test('stays finite where picture and text disagree', () => {
    expect(objective.score([row(-0.5, 0)])).toBe(Math.log(LOG_FLOOR));
  });
});

describe.each(objectiveNames)('%s', (type) => {
  const anyRow = fc.record({ cosine: fc.double({ min: -1, max: 1, noNaN: true }), 'clip-iqa.quality': fc.double({ min: 0, max: 1, noNaN: true }) });
  const anyRows = fc.array(anyRow, { minLength: 1, maxLength: 20 });

  test('is tc + k * iq to the bit, so that stored terms can be ranked for any k', () => {
    fc.assert(fc.property(anyRows, fc.double({ min: 0, max: 10, noNaN: true }), (list, k) => {
      const objective = createObjective({ type, k });
      const { tc, iq } = objective.terms(list);
      return Object.is(objective.score(list), tc + k * iq) && Object.is(objective.score(list), createObjective({ type, k }).score(list.map((one) => ({ ...one }))));
    }));
  });

  test('never falls when the quality of a picture rises', () => {
    fc.assert(fc.property(anyRows, fc.double({ min: 0, max: 1, noNaN: true }), (list, quality) => {
      const better = list.map((one, i) => (i === 0 ? { ...one, 'clip-iqa.quality': Math.max(quality, one['clip-iqa.quality']) } : one));
      const objective = createObjective({ type, k: 2 });
      return objective.score(better) >= objective.score(list);
    }));
  });

  test('hands on a NaN instead of hiding it', () => {
    const objective = createObjective({ type, k: 2 });
    expect(objective.score([rows[0]!, row(Number.NaN, 0.5)])).toBeNaN();
    expect(objective.score([rows[0]!, row(0.5, Number.NaN)])).toBeNaN();
  });

  test('names a term that is missing, and refuses an empty set', () => {
    const objective = createObjective({ type, k: 2 });
    expect(thrown(() => objective.score([{ cosine: 0.2 }])).message).toContain('clip-iqa.quality');
    expect(thrown(() => objective.score([])).message).toContain('no images');
  });
});

test('createObjective refuses what it does not know, with the nearest name', () => {
  const error = thrown(() => createObjective({ type: 'jaq-clop', k: 2 }));
  expect(error.code).toBe('usage');
  expect(error.hint).toContain('"jaq-clip"');
  expect(thrown(() => createObjective({ type: 'toString', k: 2 })).code).toBe('usage');
  for (const k of [-1, Number.NaN, Infinity]) expect(thrown(() => createObjective({ type: 'jaq-clip', k })).message).toContain(String(k));
});

describe('varianceShare', () => {
  test('adds up to one and follows k', () => {
    const tc = [1, 2, 3, 4];
    const iq = [0.1, -0.1, -0.1, 0.1];
    const share = varianceShare(tc, iq, 2);
    // tc and iq are uncorrelated here: variances 5/4 and 4 * 0.01 of the sum.
    expect(share.tc).toBeCloseTo(1.25 / 1.29, 12);
    expect(share.iq).toBeCloseTo(0.04 / 1.29, 12);
    expect(varianceShare(tc, iq, 0)).toEqual({ tc: 1, iq: 0 });
  });

  test('is negative for a term that works against the score', () => {
    const share = varianceShare([1, 2, 3], [-0.1, -0.2, -0.3], 2);
    expect(share.iq).toBeLessThan(0);
    expect(share.tc + share.iq).toBeCloseTo(1, 12);
  });

  test('is zero where nothing varies, and refuses lists of two lengths', () => {
    expect(varianceShare([1, 1], [2, 2], 2)).toEqual({ tc: 0, iq: 0 });
    expect(thrown(() => varianceShare([1], [1, 2], 2)).code).toBe('failure');
  });
});

describe('scores at their edges', () => {
  test('CLIP-IQA keeps its precision far from a tie and is symmetric', () => {
    expect(clipIqaFromCosines(0.2, 0.2)).toBe(0.5);
    expect(clipIqaFromCosines(-1, 1)).toBeCloseTo(Math.exp(-200), 95);
    expect(clipIqaFromCosines(-1, 1)).toBeGreaterThan(0);
    fc.assert(fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true }), (a, b) => Math.abs(clipIqaFromCosines(a, b) + clipIqaFromCosines(b, a) - 1) < 1e-15));
  });

  test("Hessel's clamp is per picture, torchmetrics' for the set", () => {
    expect(clipScoreHessel(-0.2)).toBe(0);
    expect(clipScoreHessel(0.4)).toBe(1);
    expect(meanClipScore([0.5, -0.2])).toBeCloseTo(15, 12);
    expect(meanClipScore([-0.5, 0.2])).toBe(0);
    expect(thrown(() => meanClipScore([])).code).toBe('failure');
  });

  test('cosine does not depend on length, is NaN for a zero vector, refuses two lengths', () => {
    expect(cosineSimilarity([3, 0], [0.5, 0])).toBe(1);
    expect(cosineSimilarity(new Float32Array([1, 2]), [-2, -4])).toBeCloseTo(-1, 15);
    expect(cosineSimilarity([0, 0], [1, 0])).toBeNaN();
    expect(thrown(() => cosineSimilarity([1], [1, 2])).message).toContain('1 and 2');
    expect(thrown(() => cosineSimilarity([], [])).code).toBe('failure');
  });
});
