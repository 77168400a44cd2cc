/** Ids by their beginnings. */
import { expect, test } from 'vitest';
import { idByPrefix } from '../../cli/input/id-prefix.js';
import { nearest } from '../../contract/suggestion.js';

const IDS = ['shapes-w4a8-1', 'shapes-w4a8-1-control', 'shapes-w4a8-1-linear', 'shapes-w4a6-2', 'mine'];

test.each([
  ['mine', 'mine'],
  ['mi', 'mine'],
  ['shapes-w4a8', 'shapes-w4a8-1'],
  ['shapes-w4a8-1', 'shapes-w4a8-1'],
  ['shapes-w4a8-1-c', 'shapes-w4a8-1-control'],
  ['other', undefined],
  ['', undefined],
])('"%s" is %s', (text, id) => {
  expect(idByPrefix('search', text, IDS)).toBe(id);
});

test('several candidates are listed', () => {
  expect(() => idByPrefix('search', 'shapes', IDS)).toThrow(
    expect.objectContaining({
      code: 'usage',
      message: '2 ids of a search start with "shapes": shapes-w4a8-1, shapes-w4a6-2.',
      hint: 'Type more characters of the id.',
    }),
  );
  expect(() =>
    idByPrefix(
      'search',
      'a',
      Array.from({ length: 30 }, (_, i) => `a${i}`),
    ),
  ).toThrow(/ and 22 more\.$/);
});

const SCHEDULERS = ['tcd', 'lcm', 'ddim', 'euler', 'euler-ancestral', 'flow-match-euler'];
test.each([
  ['TCDScheduler', SCHEDULERS, 'tcd'],
  ['FlowMatchEulerDiscreteScheduler', SCHEDULERS, 'flow-match-euler'],
  ['EulerAncestralDiscreteScheduler', SCHEDULERS, 'euler-ancestral'],
  ['dpm', SCHEDULERS, undefined],
  ['shapes-calib', ['shapes-calibration', 'shapes-eval'], 'shapes-calibration'],
  ['W4A8', ['w4a8', 'w8a8'], 'w4a8'],
  ['cmaes', ['cma-es', 'gp'], 'cma-es'],
  ['', ['a'], undefined],
])('%s is taken for %s', (word, allowed, expected) => {
  expect(nearest(word, allowed)).toBe(expected);
});
