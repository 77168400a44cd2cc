/** Who may be the finalist: those with the best means of the model, dropped in a race or not. */
import { describe, expect, it } from 'vitest';
import { rankFinalists } from '../../compute/rank-finalists.js';
import { openSearch } from '../../db/searches.js';
import { askTrials } from '../../db/trials.js';
import { createOptimizer } from '../../optimizers/index.js';
import { ask, makeSearch, reference, sql, store } from './store-fixture.js';

const SPACE = { lower: [0.8, 0.8], upper: [1.2, 1.2] };
const OPTIONS = { space: SPACE, seed: 1, budget: 24, known: [{ point: [1, 1], score: 1 - 0.13 }] };
const PAIRS = 6;
const height = ([a, b]: readonly number[]): number => 1 - 10 * ((a! - 1.09) ** 2 + (b! - 0.93) ** 2);

/** 24 even points; score and status of each. */
function told(of: (point: readonly number[], i: number) => { score: number | null; pairs: number | null }): number[][] {
  const request = makeSearch('s');
  openSearch(store, request);
  const points = createOptimizer('sobol', { space: SPACE, seed: 3, budget: 24 }).ask();
  const coefficients = points.map(([a, b]) => ({ sample: [a!, 1], noise: [b!, 1] }));
  askTrials(store, ask(reference(request), coefficients));
  for (const [i, point] of points.entries()) {
    const { score, pairs } = of(point, i);
    const status = score === null ? 'failed' : pairs === null ? 'ok' : 'raced';
    store.$client
      .prepare(`update trials set point = ?, status = ?, score = ?, pairs = ? where number = ?`)
      .run(JSON.stringify(point), status, score, pairs, i + 1);
  }
  return points.map((point) => [...point]);
}
const ranked = (most = 5) => rankFinalists(store, { searchId: 's', options: OPTIONS, pairs: PAIRS, most });

describe('finalists', () => {
  it('are the highest, also where they were dropped', () => {
    const points = told((point) => ({ score: height(point), pairs: 2 }));
    const order = points.map((_, i) => i + 1).sort((a, b) => height(points[b - 1]!) - height(points[a - 1]!));
    expect(ranked().map(({ index }) => index)).toEqual(order.slice(0, 5));
    expect(ranked()[0]).toMatchObject({ share: 2 / 6, score: height(points[order[0]! - 1]!) });
    expect(ranked(2)).toHaveLength(2);
  });

  it('are not those with a lucky score on few pairs', () => {
    const lucky = 7;
    const noise = (i: number): number => 0.05 * Math.sin(12.9 * i + 1);
    const points = told((point, i) => ({
      score: height(point) + noise(i) + (i === lucky ? 0.35 : 0),
      pairs: i % 2 === 1 ? 1 : null,
    }));
    const scores = sql<{ number: number; score: number }>(
      "select number, score from trials where stage = 'calibration' order by score desc",
    );
    expect(scores[0]!.number).toBe(lucky + 1);
    expect(height(points[ranked()[0]!.index - 1]!)).toBeGreaterThan(height(points[lucky]!));
  });

  it('are scored ones, each once, and no point that was known', () => {
    const [one, other] = [
      [1.09, 0.93],
      [1, 1],
    ];
    told((point, i) => ({ score: i === 3 ? null : height(point), pairs: 2 }));
    const put = store.$client.prepare('update trials set point = ?, score = ? where number = ?');
    for (const number of [1, 2]) put.run(JSON.stringify(one), height(one!), number);
    put.run(JSON.stringify(other), height(other!), 5);
    const indices = ranked(24).map(({ index }) => index);
    expect(indices[0]).toBe(1);
    expect(indices).toHaveLength(21);
    for (const left of [2, 4, 5]) expect(indices).not.toContain(left);
  });

  it('are none without a score', () => {
    told(() => ({ score: null, pairs: null }));
    expect(ranked()).toEqual([]);
  });
});
