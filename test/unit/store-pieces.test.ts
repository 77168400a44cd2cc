/** Trials that arrive in pieces, the work they took, and their images. */
import { beforeEach, describe, expect, test } from 'vitest';
import { openSearch } from '../../db/searches.js';
import { storedAsks } from '../../db/stored-asks.js';
import { askTrials } from '../../db/trials.js';
import type { Coefficients } from '../../contract/coefficients.js';
import type { BatchReference, OpenRequest, ScoredTrial, TrialScore, TrialWork } from '../../contract/payloads.js';
import {
  ask,
  constant,
  dump,
  makeSearch,
  one,
  recordScored,
  reference,
  run,
  scored,
  sql,
  steps,
  store,
  type TermsOf,
} from './store-fixture.js';

const ALL = [0, 1, 2, 3, 4, 5];
const CANDIDATES = [steps(0.9), steps(1.1), steps(1 / 3)];
const termsOf: TermsOf = (e) => [0.1 + e / 7, 0.3 + e / 11];

let request: OpenRequest;
let batch: BatchReference;
beforeEach(() => {
  request = makeSearch('s');
  batch = reference(request);
  openSearch(store, request);
});

/** Some evaluations of some candidates, as one worker answers them. */
const piece = (
  evaluations: readonly number[],
  candidates = CANDIDATES,
  own: Partial<ScoredTrial> = {},
): ScoredTrial[] =>
  candidates.map((coefficients, i) => ({
    ...scored(batch, { index: i + 1, coefficients, missing: evaluations }, 6, termsOf),
    ...own,
  }));

const record = (trials: readonly ScoredTrial[]): TrialScore[] => recordScored({ ...batch, trials });

describe('pieces', () => {
  test('complete all trials with the last of them, in any order, with the bits of a whole trial', () => {
    const whole = makeSearch('whole', { contextOf: (precision, scorer) => `whole-${precision}-${scorer}` });
    openSearch(store, whole);
    run(whole, 'calibration', CANDIDATES, 1, termsOf);
    askTrials(store, ask(batch, CANDIDATES));
    for (const evaluations of [[5, 0], [3], [1, 4]]) {
      expect(record(piece(evaluations)).map(({ complete, score }) => [complete, score])).toEqual([
        [false, null],
        [false, null],
        [false, null],
      ]);
    }
    const last = record(piece([2]));
    expect(last.every(({ complete }) => complete)).toBe(true);
    const columns = 'number, status, score, tc, iq';
    const stored = (id: string) => sql(`select ${columns} from trials where search_id = ? order by number`, id);
    expect(stored('s')).toEqual(stored('whole'));
    expect(stored('s').map((row) => (row as TrialScore).score)).toEqual(last.map(({ score }) => score));
  });

  test('may be repeated, and several of one trial may come together', () => {
    askTrials(store, ask(batch, CANDIDATES));
    record(piece([0, 1]));
    record(piece([0, 1]));
    const results = record([...piece([2, 3]), ...piece([4, 5])]);
    expect(results.map(({ complete }) => complete)).toEqual([false, false, false, true, true, true]);
    const kept = dump();
    expect(kept.evaluations).toHaveLength(18);
    expect(record(piece([4, 5]))).toEqual(results.slice(3));
    expect(dump()).toEqual(kept);
  });

  test('read no terms before the trial is complete', () => {
    askTrials(store, ask(batch, CANDIDATES));
    record(piece([0]));
    store.$client.exec("update evaluations set terms = 'not JSON'");
    for (const e of [1, 2, 3, 4]) record(piece([e]));
    expect(() => record(piece([5]))).toThrow(SyntaxError);
  });

  test('are not complete with evaluations of other prompts, seeds or scorers', () => {
    const candidate = [steps(0.9)];
    const other = makeSearch('other', { seeds: [7, 8, 9] });
    openSearch(store, other);
    run(other, 'calibration', candidate, 1);
    run(request, 'select', candidate, 1);
    expect(one('select count(*) from evaluations')).toBeGreaterThan(6);
    askTrials(store, ask(batch, candidate));
    expect(record(piece([0, 1, 2, 3, 4], candidate))[0]!.complete).toBe(false);
    expect(record(piece([5], candidate))[0]!.complete).toBe(true);

    const confirm = reference(request, 'confirm');
    askTrials(store, ask(confirm, candidate));
    const { scorers, ...rest } = scored(confirm, { index: 1, coefficients: steps(0.9), missing: null }, 2);
    const answers = scorers.map((scorer) => ({ ...rest, scorers: [scorer] }));
    expect(recordScored({ ...confirm, trials: answers }).map(({ complete }) => complete)).toEqual([false, true]);
  });

  test('complete a trial without a score if one of them failed', () => {
    askTrials(store, ask(batch, [steps(0.9)]));
    record(piece([0, 1, 2], [steps(0.9)], { failed: [{ at: 1, reason: 'NaN' }] }));
    expect(record(piece([3, 4, 5], [steps(0.9)]))).toEqual([
      { index: 1, complete: true, score: null, tc: null, iq: null },
    ]);
    expect(sql('select status from trials')).toEqual([{ status: 'failed' }]);
  });

  test('of a retry complete a trial with the last of them', () => {
    const candidate = [steps(0.9)];
    const failed = ALL.map((at) => ({ at, reason: 'no memory' }));
    askTrials(store, ask(batch, candidate));
    record(piece(ALL, candidate, { failed }));
    const { open } = askTrials(store, ask(batch, candidate, 1, true));
    expect(open[0]!.missing).toBeNull();
    expect(one('select count(*) from evaluations')).toBe(0);
    expect(record(piece([0, 1, 2], candidate))[0]!.complete).toBe(false);
    expect(sql('select status from trials')).toEqual([{ status: 'asked' }]);
    expect(record(piece([3, 4, 5], candidate))[0]!.score).not.toBeNull();
  });
});

describe('work', () => {
  const work: TrialWork = { worker: '7@gpu', seconds: 0.5, runtimeSeconds: 0.4, denoiserRows: 2.5, paddedRows: 10 };
  const stored = () =>
    sql('select number, worker, seconds, runtime_seconds, denoiser_rows, padded_rows, evaluations from work');

  test('is stored with the trial, per worker and piece, once', () => {
    askTrials(store, ask(batch, CANDIDATES));
    record(piece([0, 1, 2], CANDIDATES.slice(0, 2), { work }));
    record(piece([0, 1, 2], CANDIDATES.slice(0, 2), { work }));
    record(piece([3, 4], CANDIDATES.slice(0, 1), { work: { ...work, worker: '8@cpu' } }));
    record(piece([5], CANDIDATES.slice(0, 1)));
    const row = { worker: '7@gpu', seconds: 0.5, runtime_seconds: 0.4, denoiser_rows: 2.5, padded_rows: 10 };
    expect(stored()).toEqual([
      { number: 1, ...row, evaluations: 3 },
      { number: 2, ...row, evaluations: 3 },
      { number: 1, ...row, worker: '8@cpu', evaluations: 2 },
    ]);
    expect(sql('select count(distinct recorded_at) as n from work where worker = ?', '7@gpu')).toEqual([{ n: 1 }]);
    expect(sql('select worker_seconds from searches_overview')).toEqual([{ worker_seconds: 1.5 }]);
  });

  test('of evaluations that failed is stored once, too', () => {
    askTrials(store, ask(batch, CANDIDATES));
    const failed = [{ at: 0, reason: 'NaN' }];
    for (const _ of [1, 2]) record(piece([0], CANDIDATES.slice(0, 1), { work, failed }));
    expect(stored()).toHaveLength(1);
  });

  test('of a trial that is replaced goes with it', () => {
    askTrials(store, ask(batch, CANDIDATES));
    record(piece([0], CANDIDATES, { work }));
    askTrials(store, ask(batch, [steps(0.5)], 2));
    expect(stored().map((row) => (row as { number: number }).number)).toEqual([1, 3]);
  });
});

describe('images', () => {
  const hash = (e: number): string => String(e).repeat(64);
  const imagesOf = (stage: string) =>
    sql('select number, position, prompt, seed, image from trial_images where stage = ? order by 1, 2, 4', stage);

  function confirm(search: OpenRequest, candidates: readonly Coefficients[], images: ScoredTrial['images'], first = 0) {
    const own = reference(search, 'confirm');
    const { open } = askTrials(store, ask(own, candidates, first));
    const trials = open.map((trial) => ({ ...scored(own, trial, 2, constant), ...(images ? { images } : {}) }));
    recordScored({ ...own, trials });
    return open;
  }

  test('lead from trial, prompt and seed to the artefact, once for all scorers', () => {
    run(request, 'calibration', [steps(0.9)], 1);
    confirm(request, [steps(1), steps(0.9)], [hash(1), null]);
    expect(one('select count(*) from evaluations where image is not null')).toBe(4);
    const about = { position: 0, prompt: 'confirm prompt 0', seed: 1000, image: hash(1) };
    expect(imagesOf('confirm')).toEqual([
      { number: 0, ...about },
      { number: 1, ...about },
    ]);
    expect(imagesOf('calibration')).toEqual([]);
  });

  test('are found by another search that reuses the evaluations', () => {
    confirm(request, [steps(1)], [hash(1), hash(2)]);
    const second = makeSearch('second');
    openSearch(store, second);
    expect(confirm(second, [steps(1)], undefined)).toEqual([]);
    expect(sql('select seed, image from trial_images where search_id = ? order by position', 'second')).toEqual([
      { seed: 1000, image: hash(1) },
      { seed: 1000, image: hash(2) },
    ]);
  });

  test('are added to evaluations that were made without, and never replaced', () => {
    confirm(request, [steps(1)], undefined);
    const own = reference(request, 'confirm');
    const trial = { index: 0, coefficients: steps(1), missing: null };
    const kept = sql('select key, status, terms from evaluations order by key');
    for (const images of [
      [hash(1), null],
      [hash(3), hash(2)],
    ]) {
      recordScored({ ...own, trials: [{ ...scored(own, trial, 2, () => [0, 0]), images }] });
    }
    expect(sql('select distinct image from trial_images order by 1')).toEqual([{ image: hash(1) }, { image: hash(2) }]);
    expect(sql('select key, status, terms from evaluations order by key')).toEqual(kept);
  });

  test('of the control are those of its own network', () => {
    const both = makeSearch('both', { control: true });
    openSearch(store, both);
    confirm(both, [steps(1)], [hash(1), hash(2)]);
    const control = reference(both, 'control');
    const { open } = askTrials(store, ask(control, [steps(1)], 0));
    recordScored({ ...control, trials: [{ ...scored(control, open[0]!, 2), images: [hash(8), hash(9)] }] });
    const images = (stage: string) => imagesOf(stage).map((row) => (row as { image: string }).image);
    expect([images('confirm'), images('control')]).toEqual([
      [hash(1), hash(2)],
      [hash(8), hash(9)],
    ]);
  });
});

test('asked trials come back as they were asked, in order', () => {
  const odd = { sample: [1 / 3, 0.1 + 0.2], noise: [1.0000000000000002, 5e-324] };
  askTrials(store, ask(batch, [steps(1)], 0));
  askTrials(store, ask(batch, [odd, steps(0.9)], 4));
  askTrials(store, ask(batch, [steps(1.1)], 3));
  const all = storedAsks(store, 's', 1, 10);
  expect(all.map(({ index }) => index)).toEqual([3, 4, 5]);
  expect(all[1]).toEqual({ index: 4, point: [0], coefficients: odd });
  expect(storedAsks(store, 's', 4, 1)).toEqual([all[1]]);
  expect(storedAsks(store, 'none', 1, 10)).toEqual([]);
});
