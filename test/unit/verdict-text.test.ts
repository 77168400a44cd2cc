/** The verdict in words: gains with their probability, and how much better the calibration looked. */
import { expect, test } from 'vitest';
import { verdictText } from '../../cli/text/verdict-text.js';
import type { GainInterval, SearchResult } from '../../spec/payloads.js';

const gain = (scorer: string, probabilityOfGain: number): GainInterval => ({
  scorer, prompts: 128, identity: 1.2, calibrated: 1.25, gain: 0.05, percentile: { low: 0.01, high: 0.09 }, studentised: { low: 0.008, high: 0.092 }, probabilityOfGain,
});
const scored = (trial: number, score: number) => ({ trial, coefficients: { sample: [1, 1], noise: [1, 1] }, score, terms: { tc: 0.4, iq: 0.4 } });

function result(heldOut: Partial<SearchResult['heldOut']>): SearchResult {
  return {
    searchId: 's', status: 'finished', model: 'm', precision: 'w4a8', steps: 2, optimizer: 'cma-es', trials: 8, evaluations: 100, reused: 0, failed: 0,
    best: scored(3, 1.3), identity: scored(0, 1.2), finalist: { sample: [0.95, 1], noise: [1.05, 1] }, notes: [], control: null,
    heldOut: { prompts: 128, gain: 0.05, low: 0.008, high: 0.092, recommend: 'calibrated', reason: 'Proven.', scorers: [gain('objective', 0.9931), gain('second', 1)], calibrationGain: 0.08, optimism: 0.03, ...heldOut },
  };
}

test('every scorer has the probability of a gain', () => {
  const text = verdictText(result({}), 2);
  expect(text).toMatch(/95 % studentised +probability of a gain\n/);
  expect(text).toMatch(/\nobjective .* 99\.3 %\nsecond .* 100\.0 %\n/);
});

test('the optimism gap stands in one line', () => {
  expect(verdictText(result({}), 2)).toContain('\n  optimism gap +0.0300: a gain of +0.0800 on the prompts that chose these coefficients, of +0.0500 on new prompts and seeds; expect the second\n');
  expect(verdictText(result({ calibrationGain: 0.04, optimism: -0.01 }), 2)).toContain('\n  optimism gap -0.0100: a gain of +0.0400 on the prompts that chose these coefficients, of +0.0500 on new prompts and seeds\n');
});

test('a stored result without the gap is printed without it', () => {
  const { heldOut: { calibrationGain: _, optimism: __, ...before }, ...rest } = result({});
  const text = verdictText({ ...rest, heldOut: before as SearchResult['heldOut'] }, 2);
  expect(text).not.toContain('optimism');
  expect(text).toContain('recommended: the calibrated coefficients');
});
