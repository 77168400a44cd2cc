/**
 * Bayesian optimisation with a Gaussian process: Matern 5/2 with a length per dimension, hyperparameters by maximum a
 * posteriori, log expected improvement over the best mean of a told point and of those of the same batch, which are chosen
 * one after another (gp/proposals.ts).
 *
 * The first points are the middle of the space, where a schedule without coefficients usually is, and Sobol's. With a prior they are fewer, and every other one is where its surface
 * promises most. Point i depends on the scores told before its batch began, i - i mod batch, and on nothing else, so a
 * batch that the budget cuts is continued as if it had been whole.
 */
import type { Algorithm, Stored } from './ask-tell.js';
import { boxBeyond, boxOf, containing, limitsOf, readMoved, spaceOf, type Moved } from './gp/growing-box.js';
import { modelOf, modelOfPrior } from './gp/model.js';
import { priorSurface } from './gp/prior-mean.js';
import { proposals } from './gp/proposals.js';
import { packTold, toldPoint, unpackTold, withTold, type Told, type ToldPoints } from './gp/told-points.js';
import type { Point } from './optimizer.js';
import type { FilledOptions } from './options.js';
import { sobol } from './sobol.js';
import { fromUnit, toUnit } from './unit-box.js';

const { ceil, min } = Math;
/** Share of every range from which Sobol's points come: the corners of a box tell little of its inside. */
const INNER = 0.8;
/** Points before the first model: two per dimension, at most this many and at most half of the first budget. */
const MAX_INITIAL = 24;
/** With a prior. */
const INITIAL_WITH_PRIOR = 4;

/** @throws QschedError (usage) above 32 dimensions, (failure) for a damaged state */
export function gp(options: FilledOptions, stored: Stored | null): Algorithm {
  const { space, seed, batch, prior, limits, openedBudget } = options;
  const dimension = space.lower.length;
  const frame = limits ?? space;
  const outer = limitsOf(space, limits);
  const hasPrior = prior.length > 0;
  const initial = min(hasPrior ? INITIAL_WITH_PRIOR : MAX_INITIAL, 2 * dimension, ceil(openedBudget / 2));
  const evenly = sobol(options);
  let told: ToldPoints = stored === null ? { settled: [], pending: [] } : unpackTold(stored.own, dimension);
  let moved: Moved = readMoved(stored?.own ?? null, dimension, limits);
  /** In units of the space. */
  const place = ({ x }: Told): Float64Array => (limits === null ? x : toUnit(space, fromUnit(frame, x)));

  /** Points `from` up to `to`, from what was told before. */
  function modelled(from: number, to: number): Float64Array[] {
    const known = told.settled.map((one) => ({ ...one, x: place(one) }));
    const early = hasPrior ? priorSurface(prior, space) : null;
    const { surface, ranked } = modelOf(known, early, to - from);
    const box = limits === null ? outer : boxBeyond(surface, ranked[0]!.x, moved, outer);
    return proposals({ surface, ranked, box, seed, from, count: to - from });
  }

  /** The middle, and Sobol's points of the inner box. */
  const evenAt = (index: number): Float64Array =>
    index === 0
      ? new Float64Array(dimension).fill(0.5)
      : toUnit(space, evenly.propose(index - 1, 1)[0]!).map((x) => 0.5 + INNER * (x - 0.5));

  /** The first points: even ones, and with a prior every other one from its surface alone. */
  function first(from: number, to: number): Float64Array[] {
    const even = Array.from({ length: to - from }, (_, i) => evenAt(from + i));
    if (!hasPrior) return even;
    const count = ceil((to - from) / 2);
    const { surface, ranked } = modelOfPrior(priorSurface(prior, space), count);
    const promising = proposals({ surface, ranked, box: boxOf(moved, outer), seed, from, count });
    return even.map((point, i) => (i % 2 === 0 ? promising[i / 2]! : point));
  }

  return {
    left: (asked) => batch - (asked % batch),
    propose(asked, count): Point[] {
      const from = asked - (asked % batch);
      const points = from < initial ? first(from, asked + count) : modelled(from, asked + count);
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
