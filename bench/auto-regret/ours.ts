/** Regrets of an optimizer of ours on the problems of `auto-regret`. */
import { createOptimizer } from '../../optimizers/index.js';
import { regretAt, scoreOf, type Problem, type Problems, type Variant } from './surfaces.js';

/** Regrets of the best point told, after each of the budgets. */
export function regretsOf(name: string, of: Problems, problem: Problem, variant: Variant, seed: number): number[] {
  const { dimension } = problem;
  const optimizer = createOptimizer(name, {
    space: { lower: new Array<number>(dimension).fill(0), upper: new Array<number>(dimension).fill(1) },
    seed,
    budget: of.budgets.at(-1)!,
    batch: of.batch,
  });
  const found: number[] = [];
  let best = { score: Number.NEGATIVE_INFINITY, point: new Array<number>(dimension).fill(0.5) as readonly number[] };
  for (let points = optimizer.ask(); points.length > 0; points = optimizer.ask()) {
    const scores = points.map((point, i) => scoreOf(of, problem, { variant, seed, index: optimizer.asked + i }, point));
    for (const [i, score] of scores.entries()) {
      if (score > best.score) best = { score, point: points[i]! };
      if (of.budgets.includes(optimizer.asked + i + 1)) found.push(regretAt(problem, best.point));
    }
    optimizer.tell(points, scores);
  }
  return found;
}
