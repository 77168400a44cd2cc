/** The page of a running search shows new trials at once, and its surface when some seconds have passed or it has ended. */
import { afterEach, expect, test, vi } from 'vitest';
import { makeSearch } from '../../bench/made-search.js';
import { closeSearch } from '../../db/searches.js';
import { holdSurfaces } from '../../live/held-surfaces.js';
import { folder, store } from './store-fixture.js';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a surface is held for seconds while the search runs', () => {
  makeSearch(store, { id: 's', trials: 12, prompts: 2, heldOut: 2, images: null, until: 'calibration' });
  const clock = vi.spyOn(performance, 'now').mockReturnValue(1000);
  const documentOf = holdSurfaces({ folder, images: 'addresses' });
  const first = documentOf(store, 's');
  expect(first.surface?.slices.length).toBeGreaterThan(0);
  store.$client.exec("update trials set score = 10 where number = 5 and stage = 'calibration'");
  clock.mockReturnValue(2000);
  const second = documentOf(store, 's');
  expect(second.trials.at(-1)?.best).toBe(10);
  expect(second.surface).toBe(first.surface);
  expect(second.importances).toBe(first.importances);
  clock.mockReturnValue(20_000);
  const third = documentOf(store, 's');
  expect(third.surface).not.toEqual(first.surface);
  closeSearch(store, 's', { status: 'cancelled', message: 'enough' });
  store.$client.exec("update trials set score = 20 where number = 6 and stage = 'calibration'");
  const last = documentOf(store, 's');
  expect(last.status).toBe('cancelled');
  expect(last.surface).not.toEqual(third.surface);
});
