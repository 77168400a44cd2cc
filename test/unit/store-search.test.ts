/** Searches in the store: opened, closed, and opened again. */
import { describe, expect, test } from 'vitest';
import { closeSearch, findSearch, listSearches, openSearch } from '../../db/searches.js';
import { askTrials } from '../../db/trials.js';
import type { SearchResult } from '../../contract/search-result.js';
import { store, type Making, makeSearch, steps, reference, ask, sql, one, dump } from './store-fixture.js';

describe('a search', () => {
  test('is opened once, however often it is requested', () => {
    const request = makeSearch('s');
    openSearch(store, request);
    const before = sql('select * from search_prompts order by 1, 2, 3');
    openSearch(store, request);
    expect(sql('select * from search_prompts order by 1, 2, 3')).toEqual(before);
    expect(one('select count(*) from searches')).toBe(1);
    expect(one('select count(*) from contexts')).toBe(2);
    expect(findSearch(store, 's')?.spec).toEqual(request.spec);
    expect(findSearch(store, 'other')).toBeUndefined();
  });

  test('without trials accepts a new spec', () => {
    openSearch(store, makeSearch('s'));
    closeSearch(store, 's', { status: 'failed', message: 'no worker' });
    openSearch(
      store,
      makeSearch('s', { prompts: 2, optimizer: { type: 'random' }, rest: { scheduler: { steps: 2 } } }),
    );
    expect(sql('select status, message, steps, optimizer from searches')).toEqual([
      { status: 'running', message: null, steps: 2, optimizer: 'random' },
    ]);
    expect(one("select count(*) from search_prompts where split = 'calibration'")).toBe(2);
  });

  test('with trials refuses a spec, prompts or files that would not have produced them', () => {
    const request = makeSearch('s', { optimizer: { budget: 50 } });
    openSearch(store, request);
    askTrials(store, ask(reference(request), [steps(0.9)]));
    const kept = dump();
    const reopen = (making: Making) => () =>
      openSearch(store, makeSearch('s', { optimizer: { budget: 50 }, ...making }));
    expect(reopen({ optimizer: { budget: 50, seed: 1 } })).toThrow(
      /"s" is in the database already, with different optimizer: .*"seed":0/,
    );
    expect(reopen({ optimizer: { budget: 50, type: 'random' } })).toThrow(/different optimizer/);
    expect(reopen({ optimizer: { budget: 49 } })).toThrow(/a larger budget: 50/);
    expect(reopen({ prompts: 2 })).toThrow(/different prompts/);
    expect(reopen({ seeds: [5] })).toThrow(/different prompts/);
    expect(reopen({ rest: { objective: { k: 3 } } })).toThrow(/different objective/);
    expect(reopen({ rest: { scheduler: { steps: 2 } } })).toThrow(/different scheduler/);
    expect(reopen({ contextOf: (precision, scorer) => `new-${precision}-${scorer}` })).toThrow(/different model files/);
    expect(() => openSearch(store, { ...request, texts: { ...request.texts, calibration: ['x', 'y', 'z'] } })).toThrow(
      /different calibration prompts/,
    );
    expect(dump()).toEqual(kept);
    expect(findSearch(store, 's')?.spec).toEqual(request.spec);
  });

  test('may grow, and may be confirmed on other prompts', () => {
    const request = makeSearch('s', { optimizer: { budget: 50 } });
    openSearch(store, request);
    askTrials(store, ask(reference(request), [steps(0.9)]));
    openSearch(
      store,
      makeSearch('s', { optimizer: { budget: 80 }, confirm: 5, rest: { retryFailed: true, waitForWorker: 5 } }),
    );
    expect(one("select count(*) from search_prompts where split = 'confirm'")).toBe(5);
    expect(findSearch(store, 's')?.spec.optimizer.budget).toBe(80);
  });

  test('is listed, the latest first, with how it ended', () => {
    openSearch(store, makeSearch('a'));
    store.$client.exec("update searches set created_at = '2020-01-01T00:00:00.000Z'");
    openSearch(store, makeSearch('b'));
    closeSearch(store, 'a', { status: 'cancelled', message: 'by hand' });
    expect(listSearches(store).map(({ id, status }) => [id, status])).toEqual([
      ['b', 'running'],
      ['a', 'cancelled'],
    ]);
  });
});

describe('a search that is opened again', () => {
  const finished = (gain: number): SearchResult =>
    ({ searchId: 's', finalist: steps(0.8), heldOut: { gain, recommend: 'calibrated' } }) as unknown as SearchResult;

  test('keeps its result until the next one', () => {
    openSearch(store, makeSearch('s'));
    closeSearch(store, 's', { status: 'finished', result: finished(0.1) });
    const [{ at }] = sql<{ at: string }>('select finished_at as at from searches') as [{ at: string }];
    openSearch(store, makeSearch('s'));
    expect(findSearch(store, 's')).toMatchObject({
      status: 'running',
      recommend: 'calibrated',
      result: finished(0.1),
      finishedAt: at,
    });
    closeSearch(store, 's', { status: 'failed', message: 'killed' });
    expect(findSearch(store, 's')).toMatchObject({
      status: 'failed',
      message: 'killed',
      recommend: 'calibrated',
      result: finished(0.1),
    });
    openSearch(store, makeSearch('s'));
    closeSearch(store, 's', { status: 'finished', result: finished(0.2) });
    expect(findSearch(store, 's')).toMatchObject({ status: 'finished', message: null, result: finished(0.2) });
  });

  test('has none if it had none', () => {
    openSearch(store, makeSearch('s'));
    closeSearch(store, 's', { status: 'failed', message: 'killed' });
    openSearch(store, makeSearch('s'));
    expect(findSearch(store, 's')).toMatchObject({ recommend: null, result: null, finishedAt: null });
  });
});
