/** First-order Sobol indices against functions whose indices are known, and those of a search. */
import { describe, expect, it } from 'vitest';
import { firstOrderIndices } from '../../metrics/statistics/first-order-indices.js';
import { sobolDirections, sobolWord } from '../../optimizers/sobol.js';
import { createGenerator } from '../../optimizers/rng.js';
import { importancesOf } from '../../report/data/importances.js';
import { searchSurface } from '../../report/data/search-surface.js';
import { coefficientSpace } from '../../diffusion/coefficients.js';
import type { ReportTrial } from '../../report/data/stored-trials.js';

const { PI, sin } = Math;

/** Sobol's sequence, with half a cell added. */
const sobol = (point: number, column: number): number => (sobolWord(sobolDirections(column), point) + 0.5) / 2 ** 32;

describe('first-order indices', () => {
  it("of Ishigami's function (a = 7, b = 0.1): 0.3139, 0.4424 and 0", () => {
    const ishigami = (unit: readonly number[]): number => {
      const [x, y, z] = unit.map((u) => PI * (2 * u - 1)) as [number, number, number];
      return sin(x) + 7 * sin(y) ** 2 + 0.1 * z ** 4 * sin(x);
    };
    const [first, second, third] = firstOrderIndices(ishigami, 3, sobol, 4096)!;
    expect(first).toBeCloseTo(0.3139, 2);
    expect(second).toBeCloseTo(0.4424, 2);
    expect(third).toBeCloseTo(0, 2);
  });

  it('of a sum: the shares of its terms', () => {
    const indices = firstOrderIndices(([x, y]) => 3 * x! + y! + 100, 2, sobol, 1024)!;
    expect(indices[0]).toBeCloseTo(0.9, 2);
    expect(indices[1]).toBeCloseTo(0.1, 2);
  });

  it('of a product without main effects: nothing', () => {
    const indices = firstOrderIndices(([x, y]) => (x! - 0.5) * (y! - 0.5), 2, sobol, 1024)!;
    for (const index of indices) expect(index).toBeLessThan(0.02);
  });

  it('of a constant: none', () => {
    expect(firstOrderIndices(() => 3, 2, sobol, 64)).toBeNull();
  });
});

describe('importances of a search', () => {
  const space = coefficientSpace({ shape: 'linear', tune: 'both', range: [0.8, 1.2], steps: 4 });
  const { uniform } = createGenerator(3);
  const trials = (count: number, score: (point: readonly number[]) => number): ReportTrial[] =>
    Array.from({ length: count }, (_, number) => {
      const point = space.names.map((_name, i) => 0.8 + 0.4 * uniform(number, i, 0));
      return {
        stage: 'calibration',
        number: number + 1,
        status: 'ok',
        coefficients: space.toCoefficients(point),
        score: score(point),
        tc: null,
        iq: null,
        at: '',
        point,
        pairs: null,
      };
    });

  it('are those of its surface', () => {
    // Variances of the three terms over the range are as 9 : 1 : 0.
    const surface = searchSurface(
      space,
      trials(40, ([a, , c]) => 3 * a! + c!),
      40,
    );
    const found = importancesOf(surface)!;
    expect(found.map(({ name }) => name).slice(0, 2)).toEqual(['sample.start', 'noise.start']);
    expect(found[0]!.share).toBeGreaterThan(0.85);
    expect(found[0]!.share).toBeLessThan(0.95);
    expect(found[1]!.share).toBeGreaterThan(0.06);
    expect(found[1]!.share).toBeLessThan(0.14);
    expect(found[3]!.share).toBeLessThan(0.02);
  });

  it('are unknown below ten scores', () => {
    expect(
      importancesOf(
        searchSurface(
          space,
          trials(9, ([a]) => a!),
          40,
        ),
      ),
    ).toBeNull();
  });

  it('exist in more dimensions than the sequence has', () => {
    const wide = coefficientSpace({ shape: 'per-step', tune: 'both', range: [0.8, 1.2], steps: 10 });
    const points = Array.from({ length: 60 }, (_, n) => wide.names.map((_name, i) => 0.8 + 0.4 * uniform(n, i, 1)));
    const known = trials(60, () => 0).map((trial, n) => ({
      ...trial,
      point: points[n]!,
      coefficients: wide.toCoefficients(points[n]!),
      score: 10 * points[n]![4]!,
    }));
    const found = importancesOf(searchSurface(wide, known, 40))!;
    expect(found).toHaveLength(20);
    expect(found[0]!.name).toBe('sample.4');
  });
});
