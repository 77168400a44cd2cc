/** The verdict in words: gains with their probability, and how much better the calibration looked. */
import { describe, expect, test } from 'vitest';
import { bestText, type BestRow } from '../../cli/text/best-text.js';
import { verdictText } from '../../cli/text/verdict-text.js';
import type { GainInterval, SearchResult } from '../../contract/search-result.js';

const JAQ = { type: 'jaq-clip', k: 2 } as const;

const gain = (scorer: string, probabilityOfGain: number): GainInterval => ({
  scorer,
  prompts: 128,
  identity: 1.2,
  calibrated: 1.25,
  gain: 0.05,
  percentile: { low: 0.01, high: 0.09 },
  studentised: { low: 0.008, high: 0.092 },
  probabilityOfGain,
});
const scored = (trial: number, score: number) => ({
  trial,
  coefficients: { sample: [1, 1], noise: [1, 1] },
  score,
  terms: { tc: 0.4, iq: 0.4 },
});

function result(heldOut: Partial<SearchResult['heldOut']>): SearchResult {
  return {
    searchId: 's',
    status: 'finished',
    model: 'm',
    precision: 'w4a8',
    steps: 2,
    optimizer: 'cma-es',
    trials: 8,
    evaluations: 100,
    reused: 0,
    failed: 0,
    best: scored(3, 1.3),
    identity: scored(0, 1.2),
    finalist: { sample: [0.95, 1], noise: [1.05, 1] },
    notes: [],
    control: null,
    heldOut: {
      prompts: 128,
      gain: 0.05,
      low: 0.008,
      high: 0.092,
      recommend: 'calibrated',
      reason: 'Proven.',
      scorers: [gain('objective', 0.9931), gain('second', 1)],
      calibrationGain: 0.08,
      optimism: 0.03,
      ...heldOut,
    },
  };
}

test('every scorer has the probability of a gain', () => {
  const text = verdictText(result({}), JAQ);
  expect(text).toMatch(/95 % studentised +probability of a gain\n/);
  expect(text).toMatch(/\nobjective .* 99\.3 %\nsecond .* 100\.0 %\n/);
});

test('the optimism gap is in one line', () => {
  expect(verdictText(result({}), JAQ)).toContain(
    '\n  optimism gap +0.0300: a gain of +0.0800 on the prompts that chose these coefficients, of +0.0500 on new prompts and seeds; expect the second\n',
  );
  expect(verdictText(result({ calibrationGain: 0.04, optimism: -0.01 }), JAQ)).toContain(
    '\n  optimism gap -0.0100: a gain of +0.0400 on the prompts that chose these coefficients, of +0.0500 on new prompts and seeds\n',
  );
});

test('a stored result without the gap is printed without it', () => {
  const {
    heldOut: { calibrationGain: _, optimism: __, ...before },
    ...rest
  } = result({});
  const text = verdictText({ ...rest, heldOut: before as SearchResult['heldOut'] }, JAQ);
  expect(text).not.toContain('optimism');
  expect(text).toContain('recommended: the calibrated coefficients');
});

test('a gap that could not be computed is left out', () => {
  expect(verdictText(result({ calibrationGain: null, optimism: null }), JAQ)).not.toContain('optimism');
});

test.each([
  [JAQ, 'text + 2 x quality'],
  [{ type: 'jaq-clip-log', k: 0.5 }, 'text + 0.5 x quality'],
  [{ type: 'jaq-preference-tables', k: 3 }, '3 x text + quality'],
  [{ type: 'iq', k: 2 }, 'quality'],
  [
    { type: 'weighted', k: 2, weights: { 'clip-score-hessel': 1, 'clip-iqa.noisiness': 3 } },
    'text + quality, with the weights {"clip-iqa.noisiness":3,"clip-score-hessel":1} inside',
  ],
] as const)('the formula is that of the objective: %o', (objective, formula) => {
  expect(verdictText(result({}), objective)).toContain(`\n  score = ${formula}\n`);
});

test('a weighted sum of one side does not name the other, and one step is one step', () => {
  const one = result({});
  const terms = { tc: null, iq: 0.4 };
  const quality = { ...one, steps: 1, best: { ...one.best, terms }, identity: { ...one.identity, terms } };
  const text = verdictText(quality, { type: 'weighted', k: 2, weights: { 'clip-iqa.warm': -1 } });
  expect(text).toContain('\n  score = quality, with the weights {"clip-iqa.warm":-1} inside\n');
  expect(text).toMatch(/^m w4a8, 1 step, /);
});

test('the coefficients are said to be the finalist, and whether that is the best of the calibration', () => {
  const proven = verdictText(result({}), JAQ);
  expect(proven).toContain('the finalist is another one of the best, chosen on the select prompts');
  expect(proven).toMatch(
    /recommended: the calibrated coefficients\n {2}Proven\.\n {2}coefficients:\n {2}c\^x {3}\[0\.9500, 1\.0000\]/,
  );
  const unproven = verdictText({ ...result({ recommend: 'identity' }), finalist: scored(3, 1.3).coefficients }, JAQ);
  expect(unproven).toContain('the finalist is the best one');
  expect(unproven).toMatch(/recommended: the identity .*\n.*\n {2}the finalist, which is not recommended:\n {2}c\^x/);
});

test('a control whose identity failed is said to have failed', () => {
  const control = { precision: 'fp32', heldOut: { objective: null, second: 1.5 }, search: null };
  expect(verdictText({ ...result({}), control }, JAQ)).toContain(
    'control, fp32 on the same held-out prompts: identity failed, 1.5000',
  );
});

describe('what is stored of a search', () => {
  const row: BestRow = {
    searchId: 's',
    model: 'm',
    precision: 'w4a8',
    steps: 2,
    optimizer: 'cma-es',
    sample: [0.8, 1],
    noise: [1, 1],
    score: 1.3,
    tc: 0.2,
    iq: 0.5,
    identityScore: 1,
    gain: 0.2,
    status: 'finished',
    recommend: 'calibrated',
    heldOutGain: 0.1,
    heldOutLow: 0.05,
    heldOutHigh: 0.15,
    finalistSample: [0.9, 1],
    finalistNoise: [1, 1],
  };

  test('is the finalist that the verdict is about, and the best of the calibration where that is another', () => {
    expect(bestText(row).split('\n')).toEqual([
      's: recommended: calibrated',
      '  finalist, which the recommendation is about: held-out gain +0.1000 [+0.0500, +0.1500]',
      '    c^x   [0.9000, 1.0000]',
      '    c^eps [1.0000, 1.0000]',
      '  best on the calibration prompts, not confirmed: 1.3000 (identity 1.0000)',
      '    c^x   [0.8000, 1.0000]',
      '    c^eps [1.0000, 1.0000]',
    ]);
    expect(bestText({ ...row, finalistSample: row.sample })).not.toContain('not confirmed');
  });

  test('is the best so far before a verdict', () => {
    const open = {
      ...row,
      finalistSample: null,
      finalistNoise: null,
      status: 'running',
      recommend: null,
      heldOutGain: null,
      heldOutLow: null,
      heldOutHigh: null,
    };
    expect(bestText(open).split('\n').slice(0, 2)).toEqual([
      's: recommended: not yet (running)',
      '  best on the calibration prompts so far: 1.3000 (identity 1.0000)',
    ]);
  });

  test('of a search that was opened again is by its last result', () => {
    expect(bestText({ ...row, status: 'failed', heldOutGain: null })).toMatch(
      /^s: recommended: calibrated \(by its last result; it is failed now\)\n.*is about\n/,
    );
  });
});
