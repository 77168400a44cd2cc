/** Searches that maximise repair: how they are written, what is refused, and what the store scores. */
import { beforeEach, describe, expect, test } from 'vitest';
import { searchIdOf } from '../../contract/content-id.js';
import type { BatchReference, OpenRequest, TrialScore } from '../../contract/payloads.js';
import { settleSearch } from '../../contract/settle-search.js';
import { parseSearchSpec } from '../../contract/validate.js';
import { calibrationGain } from '../../db/confirmable.js';
import { openSearch } from '../../db/searches.js';
import { stageGains } from '../../db/stage-gains.js';
import { askTrials } from '../../db/trials.js';
import { requireFull } from '../../planning/goal.js';
import { ask, makeSearch, recordScored, reference, scored, sql, steps, store, type TermsOf } from './store-fixture.js';

describe('a spec', () => {
  test.each([['repair'], [{ type: 'repair' }], [{ goal: 'repair' }]])('objective %j maximises repair', (objective) => {
    const spec = parseSearchSpec({ model: 'shapes', objective });
    expect(spec.objective).toEqual({ type: 'jaq-clip', k: 2, scorer: 'objective', goal: 'repair' });
    expect(spec.racing).toBe('off');
    const facts = { precision: 'w4a8' };
    expect(settleSearch({ model: 'shapes', objective }, facts)).toEqual(spec);
  });

  test('keeps the rest of the objective, and its goal decides its id', () => {
    expect(parseSearchSpec({ model: 'shapes', objective: { type: 'repair', k: 1 } }).objective).toMatchObject({ k: 1 });
    const id = (objective: object) => searchIdOf({ model: 'shapes', objective });
    expect(id({ goal: 'gain' })).toBe(id({}));
    expect(id({ goal: 'repair' })).not.toBe(id({}));
  });

  test('is refused with a race, and with another goal', () => {
    expect(() => parseSearchSpec({ model: 'shapes', objective: 'repair', racing: 'on' })).toThrow(
      'racing is on, but objective.goal is "repair": its candidates are scored on all pairs of both networks.',
    );
    expect(() => parseSearchSpec({ model: 'shapes', objective: { goal: 'mend' } })).toThrow(/objective\.goal/);
  });

  test('needs a full-precision network beside the searched one', () => {
    const spec = parseSearchSpec({ model: 'shapes', objective: 'repair' });
    const facts = { model: 'm', precision: 'w4a8', precisions: ['fp32', 'w8a8', 'w4a8'], referencePrecision: 'fp32' };
    expect(() => requireFull(spec, facts)).not.toThrow();
    expect(() => requireFull(spec, { ...facts, precisions: ['w4a8'], referencePrecision: null })).toThrow(
      'objective.goal is "repair", but m has no full-precision network to compare with; it has w4a8.',
    );
    expect(() => requireFull(spec, { ...facts, precision: 'fp32' })).toThrow(
      'objective.goal is "repair", but fp32 is the full-precision network of m itself: there is nothing to repair.',
    );
    expect(() => requireFull(parseSearchSpec({ model: 'shapes' }), { ...facts, precision: 'fp32' })).not.toThrow();
  });
});

describe('the store', () => {
  const IMAGES = 6;
  let request: OpenRequest;
  let quantised: BatchReference;
  let full: BatchReference;
  beforeEach(() => {
    request = makeSearch('s', { control: true, rest: { objective: 'repair' } });
    openSearch(store, request);
    const contexts = { objective: reference(request, 'control').contexts['objective']! };
    const own = reference(request);
    full = { ...own, contexts, repair: { network: 'full' } };
    quantised = { ...own, repair: { network: 'quantised', full: contexts } };
  });

  const score = (batch: BatchReference, index: number, cosine: number, failed: number[] = []): TrialScore => {
    const { open } = askTrials(store, ask(batch, [steps(1 - index / 10)], index));
    const terms: TermsOf = (e) => [cosine + (e % 2 === 0 ? 0.01 : -0.01), 0.5];
    const lost = failed.map((at) => ({ at, reason: 'NaN' }));
    return recordScored({ ...batch, trials: [scored(batch, open[0]!, IMAGES, terms, lost)] })[0]!;
  };
  const both = (index: number, own: number, other: number): TrialScore => {
    score(full, index, other);
    return score(quantised, index, own);
  };

  test('scores the repair, and keeps the terms of the quantised network', () => {
    expect(both(0, 0.2, 0.3)).toMatchObject({ complete: true, score: 0, iq: 0.5 });
    const { score: repair, tc } = both(1, 0.28, 0.33);
    expect(repair).toBeCloseTo(2.5 * (0.08 - 0.03), 12);
    expect(tc).toBeCloseTo(2.5 * 0.28, 12);
    expect(both(2, 0.28, 0.25).score).toBeCloseTo(2.5 * 0.08, 12);
    expect(both(3, 0.22, 0.4).score).toBeCloseTo(2.5 * (0.02 - 0.1), 12);
    expect(sql('select number, status from trials order by number')).toEqual(
      [0, 1, 2, 3].map((number) => ({ number, status: 'ok' })),
    );
  });

  test('completes no trial on the full-precision network alone', () => {
    expect(score(full, 0, 0.3)).toEqual({ index: 0, complete: true, score: null, tc: null, iq: null });
    expect(sql('select status, score from trials')).toEqual([{ status: 'asked', score: null }]);
    expect(askTrials(store, ask(full, [steps(1)], 0))).toMatchObject({ open: [], scores: [null] });
  });

  test('scores again from what is stored, to the same bits', () => {
    both(0, 0.2, 0.3);
    const { score: first } = both(1, 0.28, 0.33);
    expect(askTrials(store, ask(quantised, [steps(1), steps(0.9)], 0)).scores).toEqual([0, first]);
  });

  test('fails a candidate whose image failed on either network', () => {
    both(0, 0.2, 0.3);
    score(full, 1, 0.3, [2]);
    expect(score(quantised, 1, 0.28)).toMatchObject({ complete: true, score: null, tc: null });
    expect(sql('select status from trials where number = 1')).toEqual([{ status: 'failed' }]);
  });

  test('needs the baseline first', () => {
    score(full, 1, 0.3);
    expect(() => score(quantised, 1, 0.28)).toThrow('no score on both networks');
  });

  test('tells gains of the quantised network apart', () => {
    both(0, 0.2, 0.3);
    both(1, 0.28, 0.33);
    both(2, 0.18, 0.2);
    const gains = stageGains(store, { searchId: 's', stage: 'calibration', objective: request.objective, count: 3 });
    expect(gains).toEqual([expect.closeTo(2.5 * 0.08, 12), expect.closeTo(-2.5 * 0.02, 12), null]);
    expect(calibrationGain(store, 's', steps(0.9))).toBeCloseTo(2.5 * 0.08, 12);
  });
});
