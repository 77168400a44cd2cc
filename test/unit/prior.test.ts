/** Which earlier search a search starts from, what is copied of it, and what is refused. */
import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { checkPriorEarly, priorNotes, settleOpening } from '../../activities/settle-opening.js';
import type { OpenRequest } from '../../contract/payloads.js';
import type { SearchResult } from '../../contract/search-result.js';
import { findSearch, closeSearch, openSearch } from '../../db/searches.js';
import { seenPrompts } from '../../db/confirmable.js';
import { trials } from '../../db/schema.js';
import { askTrials } from '../../db/trials.js';
import { makeSearch, recordScored, reference, scored, sql, store, type Making } from './store-fixture.js';

const GP = { type: 'gp', budget: 8 };
const NETWORK = { referencePrecision: 'fp32' };

/** A search that can start from another one. */
const starting = (id: string, rest: Record<string, unknown> = {}, making: Making = {}): OpenRequest =>
  makeSearch(id, { optimizer: GP, ...making, rest: { scheduler: { steps: 2 }, ...rest } });

const settled = (request: OpenRequest) => settleOpening(store, request, NETWORK).opening;

/** Four numbers around a best of 1.1, from a fixed sequence. */
const pointAt = (i: number): number[] => [0, 1, 2, 3].map((j) => 0.8 + 0.4 * ((0.618 * (i + 1) * (j + 1)) % 1));
const textAt = (point: readonly number[]): number => 0.4 - point.reduce((sum, x) => sum + 0.1 * (x - 1.1) ** 2, 0);

/** A finished search whose candidates have these points; its baseline is at [1, 1, 1, 1]. */
function finished(
  id: string,
  rest: Record<string, unknown> = {},
  points = [0, 1, 2, 3].map(pointAt),
  making: Making = {},
): void {
  const request = starting(id, { prior: 'none', ...rest }, making);
  const opened = settleOpening(store, request, NETWORK);
  openSearch(store, opened);
  const batch = reference(request);
  const all = request.texts.calibration.length * batch.seeds.length;
  const asked = [[], ...points].map((point, index) => {
    const [a = 1, b = 1, c = 1, d = 1] = point;
    return { index, point, coefficients: { sample: [a, b], noise: [c, d] } };
  });
  const { open } = askTrials(store, { ...batch, retryFailed: false, trials: asked });
  recordScored({
    ...batch,
    trials: open.map((trial) => {
      const { sample, noise } = trial.coefficients;
      return scored(batch, trial, all, () => [textAt([...sample, ...noise]), 0.5]);
    }),
  });
  closeSearch(store, id, { status: 'finished', result: { heldOut: { recommend: 'none' } } as unknown as SearchResult });
}

describe('a prior that is chosen by itself', () => {
  test('is a finished search of the same model at another precision: its gains, its best first', () => {
    finished('w8', { precision: 'w8a8' });
    const { prior, firstAsks } = settled(starting('s'));
    const best = [0, 1, 2, 3].map(pointAt).reduce((a, b) => (textAt(b) > textAt(a) ? b : a));
    expect(prior).toMatchObject({ searchId: 'w8', network: 'm w8a8, 2 steps' });
    expect(firstAsks).toEqual([{ point: best, from: 'prior' }]);
    expect(prior!.points[0]!.point).toEqual(best);
    expect(prior!.points.map(({ point }) => point)).toContainEqual([1, 1, 1, 1]);
    expect(prior!.points).toHaveLength(5);
    for (const { point, score } of prior!.points) {
      // jaq-clip: TC = 2.5 x cosine; the quality term is the same everywhere.
      expect(score).toBeCloseTo(2.5 * (textAt(point) - textAt([1, 1, 1, 1])), 12);
    }
  });

  test('begins with the finalist, which is not always the best of the calibration', () => {
    finished('w8', { precision: 'w8a8' });
    const [sample, noise] = [pointAt(2).slice(0, 2), pointAt(2).slice(2)];
    const request = starting('w8', { precision: 'w8a8', prior: 'none' });
    const trial = { index: 1, point: [], coefficients: { sample, noise } };
    askTrials(store, { ...reference(request, 'confirm'), retryFailed: false, trials: [trial] });
    const { prior, firstAsks } = settled(starting('s'));
    expect(firstAsks).toEqual([{ point: pointAt(2), from: 'prior' }]);
    expect(prior!.points[0]!.point).toEqual(pointAt(2));
    expect(prior!.points).toHaveLength(5);
  });

  test.each<[string, Record<string, unknown>]>([
    ['the same precision', {}],
    ['another number of steps', { precision: 'w8a8', scheduler: { steps: 3 } }],
    ['another eta', { precision: 'w8a8', scheduler: { steps: 2, eta: 0.3 } }],
    ['another scheduler', { precision: 'w8a8', scheduler: { steps: 2, type: 'ddim' } }],
    ['another k', { precision: 'w8a8', objective: { k: 3 } }],
    ['another objective', { precision: 'w8a8', objective: { type: 'iq' } }],
    ['other coefficients', { precision: 'w8a8', coefficients: { tune: 'sample' } }],
    ['another size of images', { precision: 'w8a8', size: 512 }],
    ['another model', { precision: 'w8a8', model: 'other' }],
    ['full precision', { precision: 'fp32' }],
  ])('is no search with %s', (_, rest) => {
    finished('earlier', rest);
    expect(settled(starting('s'))).toMatchObject({ prior: null, firstAsks: [] });
  });

  test('is no search that runs, nor one whose prompts are held out here', () => {
    finished('w8', { precision: 'w8a8' });
    const request = starting('s');
    const texts = { ...request.texts, confirm: ['Calibration prompt 1 ', 'another'] };
    expect(settled({ ...request, texts }).prior).toBeNull();
    openSearch(store, starting('w8', { precision: 'w8a8', prior: 'none' }));
    expect(settled(starting('s')).prior).toBeNull();
  });

  test('is the one with the most candidates', () => {
    finished('small', { precision: 'w8a8', optimizer: { ...GP, budget: 7 } });
    finished('large', { precision: 'w6a6', optimizer: { ...GP, budget: 80 } });
    finished('late', { precision: 'w4a6', optimizer: { ...GP, budget: 9 } });
    expect(settled(starting('s')).prior?.searchId).toBe('large');
  });

  test('is none for `none`, and for an optimizer without a model of the surface', () => {
    finished('w8', { precision: 'w8a8' });
    expect(settled(starting('s', { prior: 'none' })).prior).toBeNull();
    expect(settled(starting('s', {}, { optimizer: { type: 'cma-es', budget: 8 } })).prior).toBeNull();
  });
});

describe('a prior that is named', () => {
  const named =
    (rest: Record<string, unknown> = {}) =>
    () =>
      settled(starting('s', { prior: 'earlier', ...rest }));

  test.each<[string, Record<string, unknown>]>([
    ['the same precision', {}],
    ['another number of steps', { scheduler: { steps: 3 } }],
    ['full precision', { precision: 'fp32' }],
    ['another model', { model: 'other' }],
  ])('may have %s', (_, rest) => {
    finished('earlier', rest);
    expect(named()().prior?.searchId).toBe('earlier');
  });

  test('is refused with the terms of another scorer', () => {
    finished('earlier');
    expect(named({ objective: { scorer: 'second' } })).toThrow(
      /objective.scorer "objective", but this search has objective.scorer "second"/,
    );
  });

  test('with another k has its scores with this one', () => {
    finished('earlier', { objective: { k: 5 } });
    const { points } = named({ objective: { k: 0 } })().prior!;
    for (const { point, score } of points) {
      expect(score).toBeCloseTo(2.5 * (textAt(point) - textAt([1, 1, 1, 1])), 12);
    }
  });

  test('is asked first inside the range', () => {
    finished('earlier', {}, [[1.1, 1.1, 1.1, 1.19], pointAt(1)]);
    const { prior, firstAsks } = named({ coefficients: { range: [0.9, 1.05] } })();
    expect(firstAsks).toEqual([{ point: [1.05, 1.05, 1.05, 1.05], from: 'prior' }]);
    expect(prior!.points[0]!.point).toEqual([1.1, 1.1, 1.1, 1.19]);
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    [
      'scheduler',
      { scheduler: { steps: 2, type: 'ddim' } },
      /"earlier" has scheduler.type "ddim", but this search has scheduler.type "tcd"/,
    ],
    ['eta', { scheduler: { steps: 2, eta: 0.3 } }, /scheduler.eta 0.3, but this search has scheduler.eta 0/],
    [
      'dimension',
      { coefficients: { tune: 'sample' } },
      /linear coefficients \(tune: sample\), but this search has linear coefficients \(tune: both\)/,
    ],
    [
      'dimension of a single step',
      { scheduler: { steps: 1 } },
      /linear coefficients \(tune: both\) for 1 step, but this search has linear coefficients \(tune: both\)/,
    ],
    ['objective', { objective: { type: 'iq' } }, /objective.type "iq", but this search has objective.type "jaq-clip"/],
  ])('is refused with another %s', (_, rest, message) => {
    finished('earlier', rest);
    expect(named()).toThrow(message);
  });

  test('is refused if it is not there, does not end, or is the search itself', () => {
    finished('earlyer');
    expect(named()).toThrow(/There is no search "earlier" to be the prior/);
    expect(named()).toThrow(expect.objectContaining({ hint: expect.stringContaining('Did you mean "earlyer"?') }));
    openSearch(store, starting('earlier', { prior: 'none' }));
    expect(named()).toThrow(/"earlier" is running: only a finished search can be a prior/);
    expect(() => settled(starting('earlier', { prior: 'earlier' }))).toThrow(/cannot be its own prior/);
  });

  test('is refused if it, or its own prior, chose coefficients with a held-out prompt', () => {
    finished('first', { precision: 'w8a8' }, undefined, { prompts: 5 });
    finished('earlier', { prior: 'first' });
    expect([...seenPrompts(store, 'earlier')]).toContain('calibration prompt 4');
    const request = starting('s', { prior: 'earlier' });
    const heldOut = (confirm: string[]) => () => settled({ ...request, texts: { ...request.texts, confirm } });
    expect(heldOut(['select prompt 1', 'x'])).toThrow(
      /"earlier" chose its coefficients with the prompt "select prompt 1"/,
    );
    expect(heldOut(['x', 'calibration  prompt 4'])).toThrow(/one of the held-out prompts/);
    expect(heldOut(['x', 'y'])().prior?.searchId).toBe('earlier');
  });

  test('is refused early, with what this machine knows', () => {
    const early = (prior: string) => () => {
      const input = { model: 'shapes', precision: 'w4a8', optimizer: GP, prior };
      checkPriorEarly(store, { searchId: 's', spec: starting('s', { prior }).spec, input, patient: false });
    };
    expect(early('nothing')).toThrow(/There is no search "nothing"/);
    expect(early('auto')).not.toThrow();
  });

  test.each(['grid', 'random', 'sobol', 'one-plus-one', 'cma-es'])('is refused with %s', (type) => {
    expect(() => starting('s', { prior: 'earlier' }, { optimizer: { type, budget: 8 } })).toThrow(
      `prior is "earlier", but the optimizer "${type}" cannot start from an earlier search.`,
    );
  });
});

describe('what is copied', () => {
  const open = (request: OpenRequest) => openSearch(store, settleOpening(store, request, NETWORK));
  function score(request: OpenRequest): void {
    const batch = reference(request);
    askTrials(store, {
      ...batch,
      retryFailed: false,
      trials: [{ index: 0, point: [], coefficients: { sample: [1, 1], noise: [1, 1] } }],
    });
  }

  test('holds for every later run, also when the prior changes or is gone', () => {
    finished('w8', { precision: 'w8a8' });
    const request = starting('s', { prior: 'w8' });
    const first = open(request);
    score(request);
    store.update(trials).set({ tc: 9 }).where(eq(trials.searchId, 'w8')).run();
    expect(open(request)).toEqual(first);
    for (const table of ['trials', 'search_prompts', 'search_contexts']) {
      store.$client.exec(`delete from ${table} where search_id = 'w8'`);
    }
    store.$client.exec(
      "update evaluations set search_id = 's'; delete from work where search_id = 'w8'; delete from searches where id = 'w8'",
    );
    expect(findSearch(store, 'w8')).toBeUndefined();
    expect(open(request)).toEqual(first);
    expect(open({ ...request, texts: { ...request.texts, confirm: ['confirm prompt 1'] } })).toEqual(first);
    // Held-out prompts that are new may have been the prior's.
    expect(() => open(starting('s', { prior: 'w8' }, { confirm: 3 }))).toThrow(/which is no longer stored/);
  });

  test('is settled anew as long as the search has no trials', () => {
    const request = starting('s');
    expect(open(request).prior).toBeNull();
    finished('w8', { precision: 'w8a8' });
    expect(open(request).prior?.searchId).toBe('w8');
    score(request);
    finished('w6', { precision: 'w6a6', optimizer: { ...GP, budget: 80 } });
    expect(open(request).prior?.searchId).toBe('w8');
  });

  test('a search that was opened before refuses held-out prompts of its prior', () => {
    finished('w8', { precision: 'w8a8' });
    const request = starting('s');
    open(request);
    score(request);
    const confirm = ['calibration prompt 0', 'x'];
    expect(() => open({ ...request, texts: { ...request.texts, confirm } })).toThrow(
      /"w8" chose its coefficients with/,
    );
  });

  test('of a long search are 256 points: the best half and the most distant', () => {
    const points = Array.from({ length: 400 }, (_, i) => pointAt(i));
    finished('w8', { precision: 'w8a8' }, points);
    const { points: kept } = settled(starting('s')).prior!;
    expect(kept).toHaveLength(256);
    const ranked = points.toSorted((a, b) => textAt(b) - textAt(a));
    expect(kept[0]!.point).toEqual(ranked[0]);
    const kinds = new Set(kept.map(({ point }) => point.join()));
    expect(ranked.slice(0, 128).every((point) => kinds.has(point.join()))).toBe(true);
    const worst = ranked.slice(-60).filter((point) => kinds.has(point.join()));
    expect(worst.length).toBeGreaterThan(10);
  });

  test('leaves failed candidates out, and counts dropped ones with the gain that they had', () => {
    finished('w8', { precision: 'w8a8' });
    store.$client.exec("update trials set status = 'failed', score = null, tc = null, iq = null where number = 1");
    store.$client.exec(
      "update trials set status = 'raced', pairs = 2, tc = null, iq = null, score = 9 where number = 2",
    );
    const scoreAt = (rest: Record<string, unknown>, at: readonly number[]) => {
      const { points } = settled(starting('s', { prior: 'w8', ...rest })).prior!;
      expect(points.map(({ point }) => point)).not.toContainEqual(pointAt(0));
      // A dropped candidate is never the best.
      expect(points[0]!.point).not.toEqual(pointAt(1));
      return points.find(({ point }) => point.join() === at.join())!.score;
    };
    const [baseline] = sql<{ score: number }>('select score from trials where number = 0');
    expect(scoreAt({}, pointAt(1))).toBe(9 - baseline!.score);
    // With another k, from the terms of its images: k does not matter here, where quality is the same everywhere.
    const gain = 2.5 * (textAt(pointAt(1)) - textAt([1, 1, 1, 1]));
    expect(scoreAt({ objective: { k: 3 } }, pointAt(1))).toBeCloseTo(gain, 12);
    expect(scoreAt({ objective: { k: 3 } }, pointAt(2))).toBeCloseTo(
      2.5 * (textAt(pointAt(2)) - textAt([1, 1, 1, 1])),
      12,
    );
  });
});

describe('the notes', () => {
  const notes = (request: OpenRequest): string[] => {
    const opened = settleOpening(store, request, NETWORK);
    return priorNotes(store, opened, opened.opening, NETWORK);
  };

  test('say which search it started from, or how to start from one', () => {
    expect(notes(starting('s'))).toEqual([]);
    finished('w8', { precision: 'w8a8' });
    expect(notes(starting('s'))).toEqual([
      expect.stringMatching(/^It started from the search "w8" \(m w8a8, 2 steps\): .* 5 of its points/),
    ]);
    expect(notes(starting('s', { prior: 'none' }))).toEqual([
      expect.stringMatching(/was searched at w8a8.*: --prior w8$/),
    ]);
    expect(notes(starting('s', {}, { optimizer: { type: 'random', budget: 8 } }))).toEqual([
      expect.stringMatching(/: --optimizer auto --prior w8$/),
    ]);
  });
});
