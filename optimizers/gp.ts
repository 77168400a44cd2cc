/**
 * Bayesian optimisation with a Gaussian process: Matern 5/2 with a length per dimension, hyperparameters by maximum a
 * posteriori, log expected improvement over the best mean of a told point and of those of the same batch, which are chosen
 * one after another (gp/proposals.ts). The first of a batch is where the mean is highest: what would be recommended then.
 *
 * The first points are those given, the middle of the space, where a schedule without coefficients usually is, unless its
 * score is known, and Sobol's. With a prior they are fewer, and every other one is where its surface promises most. Point i depends on the scores told before its batch began, i - i mod batch, and on nothing else, so a
 * batch that the budget cuts is continued as if it had been whole.
 */
import type { Algorithm, Stored } from './ask-tell.js';
import { boxBeyond, boxOf, containing, limitsOf, readMoved, spaceOf, type Moved } from './gp/growing-box.js';
import { modelOf, modelOfPrior, type Model } from './gp/model.js';
import { priorSurface } from './gp/prior-mean.js';
import { proposals } from './gp/proposals.js';
import { packTold, toldPoint, unpackTold, withTold, type Told, type ToldPoints } from './gp/told-points.js';
import type { Point } from './optimizer.js';
import type { FilledOptions } from './options.js';
import { sobol } from './sobol.js';
import { fromUnit, toUnit } from './unit-box.js';

const { abs, ceil, floor, max, min } = Math;
/** Share of every range from which Sobol's points come: the corners of a box tell little of its inside. */
const INNER = 0.8;
/** Points before the first model: two per dimension, at most this many and at most half of the first budget. */
const MAX_INITIAL = 24;
/** With a prior. */
const INITIAL_WITH_PRIOR = 4;
/** Of so many points, and of every batch, at most one is where the mean is highest. */
const GREEDY = 8;
/** Of a range: a known point that is no farther from the middle is the middle. */
const SAME = 1e-9;

/** @throws QschedError (usage) above 32 dimensions, (failure) for a damaged state */
export function gp(options: FilledOptions, stored: Stored | null): Algorithm {
  const { space, seed, batch, prior, limits, openedBudget } = options;
  const dimension = space.lower.length;
  const frame = limits ?? space;
  const outer = limitsOf(space, limits);
  const hasPrior = prior.length > 0;
  const own = min(hasPrior ? INITIAL_WITH_PRIOR : MAX_INITIAL, 2 * dimension, ceil(openedBudget / 2));
  const evenly = sobol(options);
  const given = options.first.map((point) => toUnit(space, point));
  const known = options.known.map(({ point, score }) => ({ x: toUnit(space, point), score, share: 1 }));
  const middle = new Float64Array(dimension).fill(0.5);
  const knowsMiddle = known.some(({ x }) => x.every((value, i) => abs(value - middle[i]!) < SAME));
  let told: ToldPoints = stored === null ? { settled: [], pending: [] } : unpackTold(stored.own, dimension);
  let moved: Moved = readMoved(stored?.own ?? null, dimension, limits);
  /** In units of the space. */
  const place = ({ x }: Told): Float64Array => (limits === null ? x : toUnit(space, fromUnit(frame, x)));

  /** Of what was told before; of the prior alone before anything was. */
  function model(more: number): Pick<Model, 'surface' | 'ranked'> {
    const early = hasPrior ? priorSurface(prior, space) : null;
    if (told.settled.length === 0 && early !== null) return modelOfPrior(early, more);
    return modelOf([...known, ...told.settled.map((one) => ({ ...one, x: place(one) }))], early, more);
  }

  /** Points `from` up to `to`, from what was told before. */
  function modelled(from: number, to: number): Float64Array[] {
    const { surface, ranked } = model(to - from);
    const box = limits === null ? outer : boxBeyond(surface, ranked[0]!.x, moved, outer);
    return proposals({ surface, ranked, box, seed, from, count: to - from, greedy: isGreedy(from) });
  }

  /** Whether a batch begins with the highest mean. */
  const isGreedy = (from: number): boolean => (from / batch) % max(1, floor(GREEDY / batch)) === 0;

  /** The middle, unless its score is known, and Sobol's points of the inner box. */
  function evenAt(index: number): Float64Array {
    const at = knowsMiddle ? index : index - 1;
    return at < 0 ? middle : toUnit(space, evenly.propose(at, 1)[0]!).map((x) => 0.5 + INNER * (x - 0.5));
  }

  /** The first points: those given, then even ones; with a prior every other one, from the first, is where that promises most. */
  function first(from: number, to: number): Float64Array[] {
    const indices = Array.from({ length: to - from }, (_, i) => from + i - given.length);
    const isPromising = (index: number): boolean => hasPrior && index >= 0 && index % 2 === 0;
    const count = indices.filter(isPromising).length;
    const promising: Float64Array[] = [];
    if (count > 0) {
      const { surface, ranked } = model(given.length + count);
      for (const x of given.slice(from, to)) surface.believe(x);
      const box = boxOf(moved, outer);
      promising.push(...proposals({ surface, ranked, box, seed, from, count, greedy: indices.includes(0) }));
    }
    return indices.map((index) => {
      if (index < 0) return given[given.length + index]!;
      return isPromising(index) ? promising.shift()! : evenAt(index);
    });
  }

  return {
    left: (asked) => batch - (asked % batch),
    propose(asked, count): Point[] {
      const from = asked - (asked % batch);
      const points = from < given.length + own ? first(from, asked + count) : modelled(from, asked + count);
      return points.slice(asked - from).map((x) => fromUnit(space, x, frame));
    },
    absorb(_asked, points, scores, shares) {
      const further = points.map((point, i) => toldPoint(frame, point, scores[i]!, shares[i]!));
      if (limits !== null) moved = containing(moved, further.map(place));
      told = withTold(told, further, batch);
    },
    stopReason: () => null,
    told: () =>
      [...told.settled, ...told.pending].flatMap(({ x, score, share }) =>
        score === null || share < 1 ? [] : [{ point: fromUnit(frame, x), score }],
      ),
    own: () => ({ ...packTold(told), ...(limits === null ? {} : { box: moved.map(([down, up]) => [down, up]) }) }),
    space: () => (limits === null ? space : spaceOf(moved, space, limits)),
  };
}
