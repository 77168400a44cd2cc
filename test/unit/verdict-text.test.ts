/** The verdict in words: gains with their probability, and the selection bias. */
import { describe, expect, test } from 'vitest';
import { bestText, parseBest, type BestRow } from '../../cli/text/best-text.js';
import { probability } from '../../report/text/numbers.js';
import { verdictText } from '../../cli/text/verdict-text.js';
import type { GainInterval, SearchResult } from '../../contract/search-result.js';

const JAQ = { type: 'jaq-clip', k: 2 } as const;

const gain = (scorer: string, probabilityOfGain: number): GainInterval => ({
  scorer,
  prompts: 128,
  identity: 1.2,
  calibrated: 1.25,
  gain: 0.05,
  low: 0.008,
  high: 0.092,
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

test('every scorer has its own name and the probability of a gain', () => {
  const text = verdictText(result({}), JAQ, (role) => (role === 'second' ? 'shapes-clip-second' : role));
  expect(text).toMatch(/baseline +finalist +gain .* 95 % studentised +P\(gain > 0\)\n/);
  expect(text).toMatch(/\nobjective .* 99\.3 %\nshapes-clip-second .* > 99\.9 %\n/);
});

test('the reason names scorers as the table does', () => {
  const reason = 'The gain on held-out prompts is not proven: second +0.0387 (may be as low as -0.0128).';
  const text = verdictText(result({ recommend: 'identity', reason }), JAQ, (role) =>
    role === 'second' ? 'shapes-clip-second' : role,
  );
  expect(text).toContain('not proven: shapes-clip-second +0.0387 (may');
});

test.each([
  [1, '> 99.9 %'],
  [0.9991, '> 99.9 %'],
  [0.999, '99.9 %'],
  [0.5, '50.0 %'],
  [0.001, '0.1 %'],
  [0, '< 0.1 %'],
])('a probability of %d is %s', (value, text) => {
  expect(probability(value)).toBe(text);
});

test('the selection bias is in one line', () => {
  expect(verdictText(result({}), JAQ)).toContain(
    '\n  selection bias +0.0300: the gain was +0.0800 on the calibration prompts and +0.0500 on held-out ones; expect the held-out figure\n',
  );
  expect(verdictText(result({ calibrationGain: 0.04, optimism: -0.01 }), JAQ)).toContain(
    '\n  selection bias -0.0100: the gain was +0.0400 on the calibration prompts and +0.0500 on held-out ones\n',
  );
});

test('a stored result without the bias is printed without it', () => {
  const {
    heldOut: { calibrationGain: _, optimism: __, ...before },
    ...rest
  } = result({});
  const text = verdictText({ ...rest, heldOut: before as SearchResult['heldOut'] }, JAQ);
  expect(text).not.toContain('bias +');
  expect(text).toContain('recommended: the finalist');
});

test('a bias that could not be computed is omitted', () => {
  expect(verdictText(result({ calibrationGain: null, optimism: null }), JAQ)).not.toContain('selection bias');
});

test.each([
  [JAQ, 'text + 2 x quality'],
  [{ type: 'jaq-clip-log', k: 0.5 }, 'text + 0.5 x quality'],
  [{ type: 'jaq-preference-tables', k: 3 }, '3 x text + quality'],
  [{ type: 'iq', k: 2 }, 'quality'],
  [
    { type: 'weighted', k: 2, weights: { 'clip-score-hessel': 1, 'clip-iqa.noisiness': 3 } },
    'text + quality, weights {"clip-iqa.noisiness":3,"clip-score-hessel":1}',
  ],
] as const)('the formula is that of the objective: %o', (objective, formula) => {
  expect(verdictText(result({}), objective)).toContain(`\n  score = ${formula}\n`);
});

test('a weighted sum of one side does not name the other, and one step is one step', () => {
  const one = result({});
  const terms = { tc: null, iq: 0.4 };
  const quality = { ...one, steps: 1, best: { ...one.best, terms }, identity: { ...one.identity, terms } };
  const text = verdictText(quality, { type: 'weighted', k: 2, weights: { 'clip-iqa.warm': -1 } });
  expect(text).toContain('\n  score = quality, weights {"clip-iqa.warm":-1}\n');
  expect(text).toMatch(/^m w4a8, 1 step, /);
});

test('the score of a search for repair is repair', () => {
  expect(verdictText({ ...result({}), goal: 'repair' }, JAQ)).toContain(
    '\n  score = repair: gain - max(0, gain of full precision), each in text + 2 x quality\n',
  );
});

test('says whether the finalist is the best candidate of the calibration', () => {
  const proven = verdictText(result({}), JAQ);
  expect(proven).toContain('the finalist is a different top candidate, chosen on the selection prompts');
  expect(proven).toMatch(
    /recommended: the finalist\n {2}Proven\.\n {2}coefficients:\n {2}c\^x {3}\[0\.9500, 1\.0000\]/,
  );
  const unproven = verdictText({ ...result({ recommend: 'identity' }), finalist: scored(3, 1.3).coefficients }, JAQ);
  expect(unproven).toContain('the finalist is this candidate');
  expect(unproven).toMatch(/recommended: the baseline .*\n.*\n {2}the finalist, which is not recommended:\n {2}c\^x/);
});

test('a control whose baseline failed is shown as failed', () => {
  const control = { precision: 'fp32', heldOut: { objective: null, second: 1.5 }, search: null };
  expect(verdictText({ ...result({}), control }, JAQ)).toContain(
    'control, baseline of fp32 on the same held-out prompts: objective failed, second 1.5000',
  );
});

describe('repair and tuning', () => {
  const at = (value: number) => ({ value, low: value - 0.02, high: value + 0.02 });
  const split = { scorer: 'objective', prompts: 127, gain: at(0.36), full: at(0.18), repair: at(0.18) };
  const control = {
    precision: 'fp32',
    heldOut: { objective: 3 },
    repair: [
      { ...split, share: { value: 0.5, low: 0.44, high: 0.561 } },
      { ...split, scorer: 'second', gain: at(0.01), share: null },
    ],
    search: null,
  };

  test('are in one table, with the share where the gain is proven', () => {
    const lines = verdictText({ ...result({}), control }, JAQ, (role) => (role === 'second' ? 'other' : role)).split(
      '\n',
    );
    const start = lines.findIndex((line) => line.startsWith('repair and tuning (127 prompts)'));
    expect(lines.slice(start, start + 5)).toEqual([
      'repair and tuning (127 prompts)  gain of w4a8                gain of fp32                repair                      share of the gain',
      'objective                        +0.3600 [+0.3400, +0.3800]  +0.1800 [+0.1600, +0.2000]  +0.1800 [+0.1600, +0.2000]  50 % [44 %, 56 %]',
      'other                            +0.0100 [-0.0100, +0.0300]  +0.1800 [+0.1600, +0.2000]  +0.1800 [+0.1600, +0.2000]  -',
      '  repair = gain of w4a8 - max(0, gain of fp32), with the same coefficients on the same prompts and seeds;',
      '  the rest is tuning of the schedule, which fp32 gains as well',
    ]);
  });

  test('a share without bounds has no interval', () => {
    const unbounded = [{ ...split, share: { value: 0.5, low: null, high: null } }];
    expect(verdictText({ ...result({}), control: { ...control, repair: unbounded } }, JAQ)).toMatch(/ {2}50 %\n/);
  });

  test.each([[undefined], [null]])('are left out where a result has none: %s', (repair) => {
    const { repair: _, ...older } = control;
    const text = verdictText({ ...result({}), control: repair === undefined ? older : { ...control, repair } }, JAQ);
    expect(text).toContain('control, baseline of fp32');
    expect(text).not.toContain('repair and tuning');
  });
});

describe('what is stored of a search', () => {
  const row: BestRow = {
    searchId: 's',
    date: '2026-01-01',
    model: 'm',
    precision: 'w4a8',
    scheduler: 'tcd',
    steps: 2,
    eta: 0,
    objective: 'jaq-clip',
    k: 2,
    rangeLow: 0.8,
    rangeHigh: 1.2,
    optimizer: 'cma-es',
    verdict: 'calibrated',
    reason: 'Proven.',
    sample: [0.9, 1],
    noise: [1, 1],
    searchedSample: [0.8, 1],
    searchedNoise: [1, 1],
    searchedScore: 1.3,
    searchedTc: 0.2,
    searchedIq: 0.5,
    searchedGain: 0.3,
    identityScore: 1,
    status: 'finished',
    recommend: 'calibrated',
    heldOutGain: 0.1,
    heldOutLow: 0.05,
    heldOutHigh: 0.15,
    finalistSample: [0.9, 1],
    finalistNoise: [1, 1],
    repair: [],
  };

  test('is the finalist with its verdict, and the best candidate if that is another one', () => {
    expect(bestText(row).split('\n')).toEqual([
      's: recommended: the finalist',
      '  finalist: held-out gain +0.1000 [+0.0500, +0.1500]',
      '    c^x   [0.9000, 1.0000]',
      '    c^eps [1.0000, 1.0000]',
      '  best candidate on the calibration prompts, not confirmed: 1.3000 (baseline 1.0000)',
      '    c^x   [0.8000, 1.0000]',
      '    c^eps [1.0000, 1.0000]',
    ]);
    expect(bestText({ ...row, finalistSample: row.searchedSample })).not.toContain('not confirmed');
  });

  test('has repair in every scorer below the finalist', () => {
    const about = { searchId: 's', precision: 'fp32', prompts: 128, gain: 0.1, gainLow: 0.05, gainHigh: 0.15 };
    const full = { fullGain: 0.06, fullLow: 0.02, fullHigh: 0.1, repair: 0.04, repairLow: 0.01, repairHigh: 0.07 };
    const repair = [
      { ...about, ...full, position: 0, scorer: 'objective', share: 0.4, shareLow: 0.1, shareHigh: 0.7 },
      { ...about, ...full, position: 1, scorer: 'second', share: null, shareLow: null, shareHigh: null },
    ];
    expect(
      bestText({ ...row, repair })
        .split('\n')
        .slice(3, 6),
    ).toEqual([
      '    c^eps [1.0000, 1.0000]',
      '  repair of quantisation, objective: +0.0400 [+0.0100, +0.0700], 40 % [10 %, 70 %] of the gain; fp32 gains +0.0600 too',
      '  repair of quantisation, second: +0.0400 [+0.0100, +0.0700]; fp32 gains +0.0600 too',
    ]);
  });

  test('is the best candidate so far before a verdict', () => {
    const open = {
      ...row,
      finalistSample: null,
      finalistNoise: null,
      status: 'running',
      recommend: null,
      verdict: null,
      sample: null,
      noise: null,
      heldOutGain: null,
      heldOutLow: null,
      heldOutHigh: null,
    };
    expect(bestText(open).split('\n').slice(0, 2)).toEqual([
      's: no verdict yet (running)',
      '  best candidate on the calibration prompts so far: 1.3000 (baseline 1.0000)',
    ]);
  });

  test('of a search that was started again is its previous result', () => {
    expect(bestText({ ...row, status: 'failed', heldOutGain: null })).toMatch(
      /^s: recommended: the finalist \(from its previous result; now it is failed\)\n {2}finalist\n/,
    );
  });

  test('is read from JSON lists, of which some may be absent', () => {
    const stored = { ...row, sample: '[1, 0.9]', noise: null, finalistSample: '[1]', finalistNoise: '[1]' };
    const lists = { searchedSample: '[0.8]', searchedNoise: '[1.1]' };
    expect(parseBest({ ...stored, ...lists }, [])).toMatchObject({
      sample: [1, 0.9],
      noise: null,
      searchedSample: [0.8],
    });
  });
});
