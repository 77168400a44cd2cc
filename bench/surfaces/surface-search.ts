/**
 * Searches on a true surface: what an optimizer finds with so many candidates, without noise.
 */
import type { Prior } from '../../contract/opening.js';
import { createOptimizer } from '../../optimizers/create.js';
import type { Point } from '../../optimizers/optimizer.js';
import type { TrueSurface } from './true-surface.js';

const { hypot, max, min } = Math;

/** How a search is run. */
export interface SurfaceSearch {
  readonly optimizer: string;
  readonly budget: number;
  readonly batch: number;
  readonly seed: number;
  /** What it starts from: its first point is asked first, as a search does. */
  readonly prior?: Prior['points'];
}

/** Candidates in the order in which they were asked, with their scores. */
export interface SearchedPoint {
  readonly point: Point;
  readonly score: number;
}

export function searchSurface(surface: TrueSurface, { optimizer, prior = [], ...run }: SurfaceSearch): SearchedPoint[] {
  const space = { lower: surface.lower, upper: surface.upper };
  const { budget, batch, seed } = run;
  const asking = createOptimizer(optimizer, {
    space,
    budget,
    batch,
    seed,
    ...(prior.length === 0 ? {} : { prior }),
  });
  const found: SearchedPoint[] = [];
  const tell = (points: readonly Point[]): void => {
    const scores = points.map((point) => surface.score(point));
    points.forEach((point, i) => found.push({ point, score: scores[i]! }));
    asking.tell(points, scores);
  };
  if (prior.length > 0) tell([inside(surface, prior[0]!.point)]);
  for (let asked = asking.ask(); asked.length > 0; asked = asking.ask()) tell(asked);
  return found;
}

const inside = ({ lower, upper }: TrueSurface, point: Point): Point =>
  point.map((x, i) => max(lower[i]!, min(upper[i]!, x)));

/** What a search knows afterwards, as the prior of another one: its best first, gains over its baseline. */
export function asPrior({ identity }: TrueSurface, found: readonly SearchedPoint[]): Prior['points'] {
  const best = found.reduce((a, b) => (b.score > a.score ? b : a));
  const ones = { point: best.point.map(() => 1), score: identity };
  return [best, ones, ...found.filter((one) => one !== best)].map(({ point, score }) => ({
    point,
    score: score - identity,
  }));
}

/** The highest score of a surface. */
export const highest = (surface: TrueSurface): number => surface.score(summits(surface, 1)[0]!);

const SCANNED = 4096;
const CLIMBS = 24;
const [FIRST_STEP, LAST_STEP] = [0.02, 1e-4];

/**
 * The highest points: from the best of many Sobol points, by shrinking steps along each axis. If fewer than `count` are left,
 * the best Sobol points fill them up.
 *
 * @param apart distance that they have at least from each other and from `others`
 */
export function summits(surface: TrueSurface, count: number, apart = 0, others: readonly Point[] = []): Point[] {
  const space = { lower: surface.lower, upper: surface.upper };
  const scan = createOptimizer('sobol', { space, budget: SCANNED, batch: SCANNED, seed: 1 })
    .ask()
    .map((point) => ({ point, score: surface.score(point) }))
    .sort((a, b) => b.score - a.score);
  const climbed = scan.slice(0, CLIMBS).map((start) => climb(surface, start));
  const found: Point[] = [];
  for (const { point } of [...climbed.sort((a, b) => b.score - a.score), ...scan]) {
    const near = [...others, ...found].some((other) => hypot(...point.map((x, i) => x - other[i]!)) < apart);
    if (!near && found.length < count) found.push(point);
  }
  return found;
}

function climb(surface: TrueSurface, start: SearchedPoint): SearchedPoint {
  let best = start;
  for (let step = FIRST_STEP; step > LAST_STEP;) {
    const next = best.point
      .flatMap((_, i) => [-step, step].map((by) => best.point.map((x, j) => (j === i ? x + by : x))))
      .map((point) => inside(surface, point))
      .map((point) => ({ point, score: surface.score(point) }))
      .reduce((a, b) => (b.score > a.score ? b : a));
    if (next.score > best.score) best = next;
    else step /= 2;
  }
  return best;
}
