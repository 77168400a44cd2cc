/** Objectives, scores at their edges, and what they refuse. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clipIqaFromCosines } from '../../metrics/scores/clip-iqa.js';
import { clipScoreHessel, cosineSimilarity, meanClipScore } from '../../metrics/scores/clip-score.js';
import { createObjective, LOG_FLOOR, scoreOfTerms, varianceShare, type Row } from '../../metrics/objectives/jaq.js';
import { planObjective, planOutside } from '../../metrics/objectives/plan-objective.js';
import { weightsAt } from '../../metrics/objectives/ranking.js';
import { kWeighs } from '../../metrics/objectives/registry.js';
import { scorersAsked } from '../../metrics/objectives/scorers-asked.js';
import { OBJECTIVE_TYPES } from '../../contract/names.js';
import { scorersOf } from '../../contract/objective-plan.js';
import { SCORE_TABLE } from '../../metrics/scores/score-table.js';
import { QschedError } from '../../contract/errors.js';

const row = (cosine: number, quality: number): Row => ({
  objective: { cosine, 'clip-iqa.quality': quality, 'clip-iqa.noisiness': 0.1 },
});
const jaq = (type: 'jaq-clip' | 'jaq-clip-log', k: number) =>
  createObjective(planObjective({ type, k, scorer: 'objective' }));
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
  const objective = jaq('jaq-clip', 2);

  test('is 2.5 max(cos, 0) + k CLIP-IQA, an image at a time, then the mean', () => {
    expect(objective.terms(rows).tc).toBeCloseTo((0.75 + 0 + 0.5) / 3, 14);
    expect(objective.terms(rows).iq).toBeCloseTo(0.5, 14);
    expect(objective.score(rows)).toBeCloseTo(1.25 / 3 + 1, 14);
    expect(rows.map((one) => objective.perImage(one)).reduce((a, b) => a + b) / 3).toBeCloseTo(
      objective.score(rows),
      14,
    );
    expect(objective.scorers).toEqual(['objective']);
  });
});

describe('jaq-clip-log', () => {
  const objective = jaq('jaq-clip-log', 0.5);

  test('takes the logarithm of the mean on the 0-100 scale', () => {
    expect(objective.terms(rows).tc).toBeCloseTo(Math.log((30 - 10 + 20) / 3), 13);
    expect(objective.score(rows)).toBeCloseTo(Math.log(40 / 3) + 0.25, 13);
    expect(objective.perImage(rows[0]!)).toBeCloseTo(Math.log(30) + 0.4, 13);
  });

  test('stays finite where image and text disagree', () => {
    expect(objective.score([row(-0.5, 0)])).toBe(Math.log(LOG_FLOOR));
  });
});

describe.each(['jaq-clip', 'jaq-clip-log'] as const)('%s', (type) => {
  const anyTerms = fc.record({
    cosine: fc.double({ min: -1, max: 1, noNaN: true }),
    'clip-iqa.quality': fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const anyRows = fc.array(fc.record({ objective: anyTerms }), { minLength: 1, maxLength: 20 });

  test('is tc + k * iq to the bit, so that stored terms can be ranked for any k', () => {
    fc.assert(
      fc.property(anyRows, fc.double({ min: 0, max: 10, noNaN: true }), (list, k) => {
        const objective = jaq(type, k);
        const { tc, iq } = objective.terms(list);
        return (
          Object.is(objective.score(list), tc! + k * iq!) &&
          Object.is(objective.score(list), jaq(type, k).score(list.map((one) => ({ objective: { ...one.objective } }))))
        );
      }),
    );
  });

  test('never falls when the quality of an image rises', () => {
    fc.assert(
      fc.property(anyRows, fc.double({ min: 0, max: 1, noNaN: true }), (list, quality) => {
        const better = list.map((one, i) =>
          i === 0
            ? {
                objective: {
                  ...one.objective,
                  'clip-iqa.quality': Math.max(quality, one.objective['clip-iqa.quality']),
                },
              }
            : one,
        );
        const objective = jaq(type, 2);
        return objective.score(better) >= objective.score(list);
      }),
    );
  });

  test('hands on a NaN instead of hiding it', () => {
    const objective = jaq(type, 2);
    expect(objective.score([rows[0]!, row(Number.NaN, 0.5)])).toBeNaN();
    expect(objective.score([rows[0]!, row(0.5, Number.NaN)])).toBeNaN();
  });

  test('names a term that is missing, and refuses an empty set', () => {
    const objective = jaq(type, 2);
    expect(thrown(() => objective.score([{ objective: { cosine: 0.2 } }])).message).toContain('clip-iqa.quality');
    expect(thrown(() => objective.score([])).message).toContain('no images');
  });
});

describe('the preference objectives', () => {
  const one: Row = { 'aq-map': { 'aq-map': 0.693 }, hpsv2: { hpsv2: 0.276 } };

  test("jaq-preference is Eq. 3, jaq-preference-tables what the paper's Table 2 adds up to", () => {
    const of = (type: 'jaq-preference' | 'jaq-preference-tables') =>
      createObjective(planObjective({ type, k: 2, scorer: 'objective' }));
    expect(of('jaq-preference').score([one])).toBeCloseTo(0.693 + 2 * 0.276, 14);
    expect(of('jaq-preference-tables').score([one])).toBeCloseTo(1.662, 14);
    expect(of('jaq-preference-tables').terms([one])).toEqual({ tc: 0.693, iq: 0.276 });
    expect(of('jaq-preference').scorers).toEqual(['aq-map', 'hpsv2']);
  });

  test('another k is the same plan with another weight', () => {
    for (const type of ['jaq-clip', 'jaq-preference', 'jaq-preference-tables'] as const) {
      const plan = planObjective({ type, k: 2, scorer: 'objective' });
      expect({ ...plan, k: 5, weights: weightsAt(type, 5, true) }).toEqual(
        planObjective({ type, k: 5, scorer: 'objective' }),
      );
    }
  });
});

test('iq is quality alone, and has no text term', () => {
  const objective = createObjective(planObjective({ type: 'iq', k: 2, scorer: 'objective' }));
  expect(objective.terms(rows)).toEqual({ tc: null, iq: 0.5 });
  expect(objective.score(rows)).toBe(0.5);
});

describe('a weighted sum of scores', () => {
  const weighted = (weights: Record<string, number>) =>
    planObjective({ type: 'weighted', k: 2, scorer: 'objective', weights }, (scorer) => {
      if (scorer !== 'mine') throw new Error(`there is no folder ${scorer}`);
      return [
        { name: 'shine', judges: 'quality', direction: 'higher' },
        { name: 'dirt', judges: 'quality', direction: 'lower' },
      ];
    });

  test('adds any scores, on any scorer, and keeps text and quality apart', () => {
    const plan = weighted({
      'clip-score-hessel': 1,
      'clip-iqa.noisiness': 2,
      'clip-iqa.quality@second': 0.5,
      brisque: -0.01,
      'shine@mine': 3,
      'dirt@mine': -1,
    });
    const terms = {
      ...row(0.3, 0.8),
      second: { 'clip-iqa.quality': 0.4 },
      brisque: { brisque: 20 },
      mine: { shine: 0.1, dirt: 0.2 },
    };
    expect(createObjective(plan).terms([terms]).tc).toBeCloseTo(0.75, 14);
    expect(createObjective(plan).score([terms])).toBeCloseTo(0.75 + 0.2 + 0.2 - 0.2 + 0.3 - 0.2, 14);
    expect(createObjective(plan).scorers).toEqual(['objective', 'second', 'brisque', 'mine']);
    expect(createObjective(weighted({ mine: 2 })).score([terms])).toBeCloseTo(0.2, 14);
  });

  test('refuses what it does not know, and weights against their score', () => {
    expect(thrown(() => weighted({ 'clip-scor': 1 })).hint).toContain('"clip-score"');
    expect(thrown(() => weighted({ brisque: 1 })).message).toContain('lower brisque is better');
    expect(thrown(() => weighted({ 'clip-score': -1 })).message).toContain('higher clip-score is better');
    expect(thrown(() => weighted({ 'gloss@mine': 1 })).message).toContain('gloss@mine');
    expect(thrown(() => weighted({ toString: 1 })).code).toBe('usage');
  });
});

test('a CLIP-IQA pair without a good side takes a weight of any sign, the others do not', () => {
  const weighted = (weights: Record<string, number>) =>
    planObjective({ type: 'weighted', k: 2, scorer: 'objective', weights });
  const either = Object.entries(SCORE_TABLE).flatMap(([name, { direction }]) => (direction === 'either' ? [name] : []));
  expect(either.map((name) => name.replace('clip-iqa.', ''))).toEqual(
    'brightness colorfullness contrast complexity happy scary new warm lonely relaxing'.split(' '),
  );
  const terms = { objective: { 'clip-iqa.scary': 0.25 } };
  expect(createObjective(weighted({ 'clip-iqa.scary': -1 })).score([terms])).toBe(-0.25);
  expect(createObjective(weighted({ 'clip-iqa.scary': 2 })).score([terms])).toBe(0.5);
  expect(thrown(() => weighted({ 'clip-iqa.scary': 0 })).message).toContain('is 0, which adds nothing');
  for (const name of ['quality', 'noisiness', 'sharpness', 'natural', 'real', 'beautiful']) {
    expect(thrown(() => weighted({ [`clip-iqa.${name}`]: -1 })).hint).toContain('above 0');
  }
});

test('the message about an unknown score knows the installed ones', () => {
  const hint = (name: string) =>
    thrown(() =>
      planObjective(
        { type: 'weighted', k: 2, scorer: 'objective', weights: { [name]: 1 } },
        (scorer) => {
          if (scorer === 'fine') return [{ name: 'gloss', judges: 'quality', direction: 'higher' }];
          throw new Error(`there is no folder ${scorer}`);
        },
        () => ['shine@mine', 'gloss@fine'],
      ),
    ).hint;
  expect(hint('nosuch')).toMatch(/^Allowed: shine@mine, gloss@fine, clip-score, /);
  expect(hint('shien')).toMatch(/^Did you mean "shine@mine"\?/);
  expect(hint('glos@fine')).toMatch(/^Did you mean "gloss@fine"\? Allowed: gloss@fine, shine@mine, /);
});

describe('the registry of objectives', () => {
  const choice = { k: 2, scorer: 'mine', weights: { 'clip-score': 1, 'hpsv2@other': 1, brisque: -1, gloss: 1 } };

  test('names the scorers before any was looked at: those of the plan', () => {
    const asked = (type: (typeof OBJECTIVE_TYPES)[number]) => scorersAsked({ ...choice, type }, []);
    expect(asked('jaq-clip')).toEqual(['mine']);
    expect(asked('jaq-preference-tables')).toEqual(['aq-map', 'hpsv2']);
    expect(asked('weighted')).toEqual(['mine', 'other', 'brisque', 'gloss']);
    for (const type of OBJECTIVE_TYPES) {
      const plan = planObjective({ ...choice, type }, () => [{ name: 'g', judges: 'quality', direction: 'higher' }]);
      expect(new Set(scorersOf(plan))).toEqual(new Set(asked(type)));
    }
    expect(scorersAsked({ ...choice, type: 'iq' }, ['second', 'mine'], 'features')).toEqual([
      'mine',
      'second',
      'features',
    ]);
  });

  test('knows what k weighs, and that a plug-in score has no k', () => {
    const weighs = (wanted: string | null) => OBJECTIVE_TYPES.filter((type) => kWeighs(type) === wanted);
    expect(weighs('quality')).toEqual(['jaq-clip', 'jaq-clip-log', 'jaq-preference']);
    expect(weighs('text')).toEqual(['jaq-preference-tables']);
    expect(weighs(null)).toEqual(['iq', 'weighted']);
    expect(kWeighs('gloss')).toBeNull();
  });
});

describe('a scorer outside the objective judges', () => {
  const plan = planObjective({ type: 'jaq-clip', k: 2, scorer: 'objective' });

  test('by the same objective if it has the terms', () => {
    expect(planOutside(plan, 'second', ['cosine', 'clip-iqa.quality'], [])).toEqual(
      planObjective({ type: 'jaq-clip', k: 2, scorer: 'second' }),
    );
  });

  test('by its own score, with the sign that makes higher better, if it does not', () => {
    const brisque = createObjective(planOutside(plan, 'brisque', ['brisque'], []));
    expect(brisque.score([{ brisque: { brisque: 20 } }])).toBe(-20);
    const preference = planObjective({ type: 'jaq-preference', k: 2, scorer: 'objective' });
    expect(planOutside(preference, 'second', ['cosine', 'clip-iqa.quality'], []).type).toBe('jaq-clip');
    const scary = createObjective(planOutside(plan, 'own-iqa', ['clip-iqa.scary'], []));
    expect(scary.score([{ 'own-iqa': { 'clip-iqa.scary': 0.5 } }])).toBe(0.5);
    expect(thrown(() => planOutside(plan, 'inception', [], [])).message).toContain('features but no score');
  });
});

test('a weight that is not a number is refused', () => {
  for (const k of [-1, Number.NaN, Infinity]) expect(thrown(() => jaq('jaq-clip', k)).message).toContain(String(k));
});

test('mean terms of any side make the score', () => {
  expect(scoreOfTerms({ weights: [1, 2] }, { tc: 0.5, iq: 0.25 })).toBe(1);
  expect(scoreOfTerms({ weights: [1, 2] }, { tc: 0.5, iq: null })).toBe(0.5);
  expect(scoreOfTerms({ weights: [0, 1] }, { tc: null, iq: 0.25 })).toBe(0.25);
});

test('every entry of the score table says what it is', () => {
  for (const entry of Object.values(SCORE_TABLE)) {
    expect(entry.range[0]).toBeLessThan(entry.range[1]);
    for (const text of [entry.encoder, entry.preprocessing, entry.formula, entry.reference]) {
      expect(text.length).toBeGreaterThan(2);
    }
  }
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

  test('is zero if nothing varies, and refuses lists of two lengths', () => {
    expect(varianceShare([1, 1], [2, 2], 2)).toEqual({ tc: 0, iq: 0 });
    expect(thrown(() => varianceShare([1], [1, 2], 2)).code).toBe('failure');
  });
});

describe('scores at their edges', () => {
  test('CLIP-IQA keeps its precision far from a tie and is symmetric', () => {
    expect(clipIqaFromCosines(0.2, 0.2)).toBe(0.5);
    expect(clipIqaFromCosines(-1, 1)).toBeCloseTo(Math.exp(-200), 95);
    expect(clipIqaFromCosines(-1, 1)).toBeGreaterThan(0);
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: -1, max: 1, noNaN: true }),
        (a, b) => Math.abs(clipIqaFromCosines(a, b) + clipIqaFromCosines(b, a) - 1) < 1e-15,
      ),
    );
  });

  test("Hessel's clamp is per image, torchmetrics' for the set", () => {
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
