/** A search says how much of its grid the budget evaluates. */
import { expect, test } from 'vitest';
import { SearchSpec } from '../../contract/search-spec.js';
import { gridNotes } from '../../workflows/search/grid-note.js';

const notes = (optimizer: object, shape = 'single-scale') =>
  gridNotes(SearchSpec.parse({ model: 'shapes', coefficients: { shape }, optimizer }));

test('a budget below the number of grid points is noted', () => {
  expect(notes({ type: 'grid', budget: 50 })).toEqual([expect.stringMatching(/^The grid has 121 points .* of 50 /)]);
  expect(notes({ type: 'grid', budget: 200 }, 'linear')).toEqual([expect.stringMatching(/^The grid has 14641 points/)]);
});

test('a whole grid, and any other optimizer, is not', () => {
  expect(notes({ type: 'grid', budget: 121 })).toEqual([]);
  expect(notes({ type: 'grid', budget: 9, gridPoints: 3 })).toEqual([]);
  expect(notes({ type: 'cma-es', budget: 50 })).toEqual([]);
});
