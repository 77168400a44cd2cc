/** A verdict says where its finalist sits on the edge of its range, and what to type. */
import { expect, test } from 'vitest';
import type { Coefficients } from '../../contract/coefficients.js';
import { SearchSpec } from '../../contract/search-spec.js';
import { edgeNotes } from '../../workflows/search/edge-note.js';
import { spaceOf } from '../../workflows/search/search-run.js';

const specOf = (coefficients: object = {}, steps = 4) =>
  SearchSpec.parse({ model: 'shapes', coefficients, scheduler: { steps } });
const notes = (point: readonly number[], coefficients: object = {}, steps = 4): string[] => {
  const spec = specOf(coefficients, steps);
  const space = spaceOf(spec);
  return edgeNotes(spec, space.toCoefficients(point), space);
};

test('an edge is named with its step and value, and a wider range is suggested on that side', () => {
  expect(notes([0.93, 1.01, 1.196, 1.05])).toEqual([
    'The finalist sits on the edge of its range: c^eps of the first step is 1.196 (edge 1.2). Better ones may lie beyond: search again with --range 0.8,1.4',
  ]);
  expect(notes([0.8, 1.01, 1.1, 1.2])).toEqual([
    'The finalist sits on the edge of its range: c^x of the first step is 0.8 (edge 0.8), c^eps of the last step is 1.2 (edge 1.2). Better ones may lie beyond: search again with --range 0.6,1.4',
  ]);
});

test('an edge is within 2 % of the range', () => {
  expect(notes([0.809, 1, 1, 1])).toEqual([]);
  expect(notes([0.807, 1, 1, 1])).toHaveLength(1);
  expect(notes([1, 1, 1, 1])).toEqual([]);
});

test.each([
  [{ shape: 'single-scale' }, [1.2, 1], 'c^x of the first step is 1.2'],
  [{ shape: 'single-scale', tune: 'noise' }, [1.2], 'c^eps of the first step is 1.2'],
  [{ shape: 'per-step' }, [1, 1, 1.2, 1, 1, 1, 1, 1], 'c^x of step 3 is 1.2'],
  [{ tune: 'noise' }, [1, 0.8], 'c^eps of the last step is 0.8'],
])('only coefficients that were searched have an edge: %j', (coefficients, point, where) => {
  expect(notes(point, coefficients)).toEqual([expect.stringContaining(`range: ${where} (edge`)]);
});

test('one step has one coefficient', () => {
  expect(notes([1.2, 1], {}, 1)).toEqual([expect.stringContaining('c^x of the first step is 1.2 (edge 1.2).')]);
});

test('no range beyond the limits is suggested', () => {
  expect(notes([0.45, 1, 1, 1], { range: [0.45, 1.2] })).toEqual([
    'The finalist sits on the edge of its range: c^x of the first step is 0.45 (edge 0.45). A wider range than [0.5, 1.5] is not suggested.',
  ]);
  expect(notes([0.5, 1, 1, 1.4], { range: [0.5, 1.4] })[0]).toMatch(/again with --range 0\.5,1\.5$/);
  expect(notes([0.6, 1, 1, 1], { range: [0.6, 1.4] })[0]).toMatch(/again with --range 0\.5,1\.4$/);
});

test('a range that grew is told, and its new edge counts', () => {
  const spec = specOf();
  const box = { lower: [0.8, 0.7, 0.8, 0.8], upper: [1.2, 1.2, 1.4, 1.2] };
  const at = (start: number): Coefficients => spaceOf(spec).toCoefficients([1, 1, start, 1]);
  const grew =
    'The best candidates lay on the edge of the range, so it grew from [0.8, 1.2]: c^x of the last step to [0.7, 1.2], c^eps of the first step to [0.8, 1.4].';
  expect(edgeNotes(spec, at(1.2), box)).toEqual([grew]);
  expect(edgeNotes(spec, at(1.4), box)).toEqual([
    grew,
    expect.stringMatching(
      /^The finalist sits .* c\^eps of the first step is 1\.4 \(edge 1\.4\)\. .* --range 0\.7,1\.5$/,
    ),
  ]);
});
