/** Races in the store: decisions read the pairs that were reached, and nothing else. */
import { describe, expect, it } from 'vitest';
import { raceTrials } from '../../db/races.js';
import { openSearch } from '../../db/searches.js';
import type { OpenRequest, RaceRequest, RaceResult } from '../../contract/payloads.js';
import {
  ask,
  makeSearch,
  recordScored,
  reference,
  run,
  scored,
  sql,
  steps,
  store,
  type TermsOf,
} from './store-fixture.js';

const PAIRS = 8;
/** Quality falls with the distance of c^x from `top`, and differs from image to image. */
const quality =
  (sample: number, top = 1.1): TermsOf =>
  (evaluation) => [0.2, 0.8 - Math.abs(sample - top) + 0.01 * Math.sin(evaluation * 7 + sample * 100)];
const CANDIDATES = [1.1, 0.85, 1.08];

function open(id: string): OpenRequest {
  const request = makeSearch(id, { prompts: 4, seeds: [0, 1] });
  openSearch(store, request);
  return request;
}

/** Races the candidates; every trial is scored as far as it is asked for. */
function race(request: OpenRequest, alpha = 0.1, enough = PAIRS): RaceResult[] {
  const batch = reference(request);
  const results: RaceResult[] = [];
  run(request, 'calibration', [steps(1)], 0, quality(1));
  let trials: RaceRequest['trials'] = ask(
    batch,
    CANDIDATES.map((sample) => steps(sample)),
  ).trials;
  for (let reached = 0; reached < PAIRS && trials.length > 0;) {
    const asked = { ...ask(batch, []), trials, scoreQueue: 'queue' };
    const rivals = [{ coefficients: steps(1), score: 1.6 }];
    const end = reached >= enough ? ({ end: true } as const) : {};
    const result = raceTrials(store, { ...asked, rivals, reached, block: 2, batch: 1, alpha, ...end });
    results.push(result);
    const gone = new Set(result.dropped.map(({ index }) => index));
    trials = trials.filter(({ index }) => !gone.has(index));
    reached = result.upTo;
    recordScored({
      ...batch,
      racing: reached < PAIRS,
      trials: result.open.map((trial) => scored(batch, trial, PAIRS, quality(trial.coefficients.sample[0]!))),
    });
  }
  return results;
}

const stored = (id: string) =>
  sql<Record<string, unknown>>(
    `select number, status, score, pairs from trials where search_id = ? and stage = 'calibration' order by number`,
    id,
  );

describe('a race', () => {
  it('asks for the first pairs of every prompt, and drops who is behind', () => {
    const [first, second, ...rest] = race(open('s'));
    expect(first!.open.map(({ missing }) => missing)).toEqual([
      [0, 2],
      [0, 2],
      [0, 2],
    ]);
    expect(first!.dropped).toEqual([]);
    expect(second!.open.map(({ missing }) => missing)).toContainEqual([4, 6]);
    expect([second!, ...rest].flatMap(({ dropped }) => dropped.map(({ index }) => index))).toContain(2);
    const [, best, dropped] = stored('s');
    expect(best).toMatchObject({ number: 1, status: 'ok', pairs: null });
    expect(dropped).toMatchObject({ number: 2, status: 'raced' });
    expect(dropped!['pairs']).toBeLessThan(PAIRS);
    // 1.6 is what the rival was said to have on all pairs: 1.5 on these without noise; the candidate's is 0.3 lower.
    expect(dropped!['score']).toBeCloseTo(1.6 - 2 * 0.15, 1);
  });

  it('makes the same decisions where every image is stored already', () => {
    const early = race(open('s'));
    const other = makeSearch('full', { prompts: 4, seeds: [0, 1] });
    openSearch(store, other);
    for (const [i, sample] of CANDIDATES.entries()) {
      run(other, 'select', [steps(sample)], i, quality(sample));
    }
    const whole = makeSearch('whole', { prompts: 4, seeds: [0, 1] });
    openSearch(store, whole);
    run(
      whole,
      'calibration',
      CANDIDATES.map((sample) => steps(sample)),
      1,
      (e, scorer) => quality(1.1)(e, scorer),
    );
    const late = race(open('again'));
    expect(late.map(({ dropped, upTo }) => ({ dropped, upTo }))).toEqual(
      early.map(({ dropped, upTo }) => ({ dropped, upTo })),
    );
    expect(late.flatMap((result) => result.open.slice())).toEqual([]);
    expect(stored('again')).toEqual(stored('s'));
  });

  it('leaves nobody who is behind at 0.5, and fails a candidate with a failed image', () => {
    const request = open('s');
    race(request, 0.5);
    expect(stored('s').map(({ status }) => status)).toEqual(['ok', 'ok', 'raced', 'raced']);
    const other = open('failing');
    const batch = reference(other);
    const trials = ask(batch, [steps(0.9)], 4).trials;
    const about = { ...ask(batch, []), trials, scoreQueue: 'queue', rivals: [], block: 2, batch: 1, alpha: 0.1 };
    const { open: first, upTo } = raceTrials(store, { ...about, reached: 0 });
    recordScored({
      ...batch,
      racing: true,
      trials: first.map((trial) => scored(batch, trial, PAIRS, quality(0.9), [{ at: 0, reason: 'NaN' }])),
    });
    expect(raceTrials(store, { ...about, reached: upTo }).dropped).toEqual([{ index: 4, score: null, pairs: 2 }]);
    expect(stored('failing')).toMatchObject([{ number: 4, status: 'failed', score: null }]);
  });

  it('lets everybody go once the pairs are enough, with an estimate', () => {
    const request = open('s');
    const results = race(request, 0.5, 2);
    expect(results).toHaveLength(2);
    expect(results[1]).toMatchObject({ open: [], scores: [] });
    expect(results[1]!.dropped.map(({ index, pairs }) => [index, pairs])).toEqual([
      [1, 2],
      [2, 2],
      [3, 2],
    ]);
    for (const { score } of results[1]!.dropped) expect(score).toEqual(expect.any(Number));
    expect(stored('s').map(({ status }) => status)).toEqual(['ok', 'raced', 'raced', 'raced']);
  });

  it('does not compare what is not scored', () => {
    const batch = reference(open('s'));
    const trials = ask(batch, [steps(0.9)]).trials;
    const about = { ...ask(batch, []), trials, scoreQueue: 'queue', rivals: [], block: 2, batch: 1, alpha: 0.1 };
    raceTrials(store, { ...about, reached: 0 });
    expect(() => raceTrials(store, { ...about, reached: 2 })).toThrow('compares candidates before they are scored');
  });
});
