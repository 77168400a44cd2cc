/** The measured surfaces of the benchmarks: what their files hold, and the interpolant through it. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { asPrior, highest, searchSurface } from '../../bench/surfaces/surface-search.js';
import { nameOf, readSurface } from '../../bench/surfaces/surface-file.js';
import { trueSurface } from '../../bench/surfaces/true-surface.js';

const FOLDER = new URL('../../bench/data/', import.meta.url);
const NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));
const targets = JSON.parse(
  readFileSync(new URL('../../bench/auto-surface/targets.json', import.meta.url), 'utf8'),
) as Record<string, number>;

test.each(NAMES)('%s holds the terms of every point, the baseline first, inside its box', (name) => {
  const surface = readSurface(name);
  const [low, high] = surface.coefficients.range;
  expect(nameOf(surface)).toBe(name);
  expect(surface.points[0]).toEqual([1, 1, 1, 1]);
  expect(surface.points.flat().every((x) => x >= low && x <= high)).toBe(true);
  expect(new Set(surface.points.map((point) => point.join())).size).toBe(surface.points.length);
  for (const { count, seeds, cosine, quality } of Object.values(surface.splits)) {
    for (const terms of [cosine, quality]) {
      expect(terms).toHaveLength(surface.points.length * count * seeds.length);
      expect(terms.every((value) => Math.abs(value) <= 1)).toBe(true);
    }
  }
});

test.each(NAMES)(
  'the surface of %s goes through what was measured, and its target lies below its highest score',
  (name) => {
    const measured = readSurface(name);
    const { cosine, quality } = measured.splits.calibration!;
    const surface = trueSurface(measured);
    const meanOf = (i: number): number => {
      let sum = 0;
      for (let p = i * surface.pairs; p < (i + 1) * surface.pairs; p += 1) {
        sum += 2.5 * Math.max(0, cosine[p]!) + 2 * quality[p]!;
      }
      return sum / surface.pairs;
    };
    expect(surface.identity).toBeCloseTo(meanOf(0), 12);
    for (const i of [0, 7, 100, measured.points.length - 1]) {
      expect(surface.score(measured.points[i]!)).toBeCloseTo(meanOf(i), 6);
      const pairs = surface.perPair(measured.points[i]!);
      expect(pairs.reduce((sum, score) => sum + score, 0) / pairs.length).toBeCloseTo(meanOf(i), 6);
    }
    expect(targets[name]).toBeCloseTo(surface.identity + 0.95 * (highest(surface) - surface.identity), 9);
  },
);

test('a search on a surface asks the best of its prior first, and is a prior of another one', () => {
  const surface = trueSurface(readSurface('shapes-w4a8-tcd-4'));
  const search = { optimizer: 'random', budget: 12, batch: 4, seed: 0 };
  const found = searchSurface(surface, search);
  expect(found).toHaveLength(12);
  const prior = asPrior(surface, found);
  expect(prior[0]!.score).toBe(Math.max(...found.map(({ score }) => score)) - surface.identity);
  expect(prior[1]).toEqual({ point: [1, 1, 1, 1], score: 0 });
  const again = searchSurface(surface, { ...search, optimizer: 'gp', prior });
  expect(again[0]!.point).toEqual(prior[0]!.point);
  expect(again).toHaveLength(12);
});
