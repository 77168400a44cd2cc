/**
 * Bayesian optimisation with a Gaussian process: Matern 5/2 with a length per dimension, hyperparameters by maximum a
 * posteriori, log expected improvement over the best mean of a told point. Points of one batch are chosen one after
 * another, each with the mean of those before it taken as their scores.
 *
 * The first points are Sobol's. Point i depends on the scores told before its batch began, i - i mod batch, and on
 * nothing else, so a batch that the budget cuts is continued as if it had been whole.
 */
import { damaged, type Algorithm, type OwnState, type Stored } from './ask-tell.js';
import { fitKernel } from './gp/fit-kernel.js';
import { logImprovement } from './gp/expected-improvement.js';
import { searchBox } from './gp/search-box.js';
import { standardised } from './gp/standardise.js';
import { surfaceOf } from './gp/surface.js';
import { asPacked, packUnits, unpackUnits } from './gp/pack-units.js';
import type { JsonValue, Point } from './optimizer.js';
import type { FilledOptions } from './options.js';
import { packFloats, unpackFloats } from './pack-floats.js';
import { createGenerator } from './rng.js';
import { sobol } from './sobol.js';
import { fromUnit, toUnit } from './unit-box.js';

const { max, min } = Math;
const NAME = 'gp';
/** Points before the first model: two per dimension, at most this many. */
const MAX_INITIAL = 24;
/** Candidates anywhere, and near the best points told. */
const ANYWHERE = 192;
const NEARBY = 64;
const SPREAD = 0.08;
/** Nearby is near the points with the best means. */
const CENTRES = 4;
/** Points of a model: of a longer history, the best and the latest, half each. */
const MAX_POINTS = 192;

/** A smaller share would be stored as 0. */
const MIN_SHARE = 1e-6;

/** A told point in the unit box, as the state keeps it. */
interface Told {
  readonly x: Float64Array;
  readonly score: number | null;
  /** Share of the pairs on which the score was measured. */
  readonly share: number;
}

/** @throws QschedError (usage) above 32 dimensions, (failure) for a damaged state */
export function gp(options: FilledOptions, stored: Stored | null): Algorithm {
  const { space, seed, batch } = options;
  const dimension = space.lower.length;
  const initial = min(MAX_INITIAL, 2 * dimension);
  const evenly = sobol(options);
  const { uniform, normal } = createGenerator(seed);
  /** Points told before this batch, of which a model is made, and those of this batch. */
  let [settled, pending] = stored === null ? [[], []] : readOwn(stored.own, dimension);

  /** Points `from`, `from + 1`, ... up to `to`. */
  function model(from: number, to: number): Point[] {
    const known = {
      points: settled.map(({ x }) => x),
      scores: standardised(settled.map(({ score }) => score)),
      spread: Float64Array.from(settled, ({ share }) => 1 / share),
    };
    const surface = surfaceOf(fitKernel(known), known, to - from);
    const ranked = known.points.map((x) => ({ x, mean: surface.at(x).mean })).sort((a, b) => b.mean - a.mean);
    const best = ranked[0]!.mean;
    return Array.from({ length: to - from }, (_, i) => {
      const found = searchBox((x) => logImprovement(surface.at(x), best), candidates(from + i, ranked));
      surface.believe(found);
      return fromUnit(space, found);
    });
  }

  function candidates(index: number, ranked: readonly { readonly x: Float64Array }[]): Float64Array[] {
    const anywhere = Array.from({ length: ANYWHERE }, (_, c) =>
      Float64Array.from({ length: dimension }, (_x, j) => uniform(index, j, c)),
    );
    const nearby = Array.from({ length: NEARBY }, (_, c) =>
      ranked[c % min(CENTRES, ranked.length)]!.x.map((x, j) =>
        max(0, min(1, x + SPREAD * normal(index, j, ANYWHERE + c))),
      ),
    );
    return [...nearby, ...anywhere];
  }

  return {
    left: (asked) => batch - (asked % batch),
    propose(asked, count) {
      const from = asked - (asked % batch);
      return from < initial ? evenly.propose(asked, count) : model(from, asked + count).slice(asked - from);
    },
    absorb(_asked, points, scores, shares) {
      pending = [
        ...pending,
        ...points.map((point, i) => ({
          x: toUnit(space, point).map(asPacked),
          score: scores[i]!,
          share: asPacked(max(MIN_SHARE, shares[i]!)),
        })),
      ];
      if (pending.length < batch) return;
      settled = kept([...settled, ...pending]);
      pending = [];
    },
    stopReason: () => null,
    told: () =>
      [...settled, ...pending].flatMap(({ x, score }) =>
        score === null ? [] : [{ point: fromUnit(space, x), score }],
      ),
    own: () => ({
      settled: packUnits(settled.map(({ x }) => x)),
      scores: packFloats(settled.map(({ score }) => score)),
      pending: packUnits(pending.map(({ x }) => x)),
      pendingScores: packFloats(pending.map(({ score }) => score)),
      ...packShares([...settled, ...pending]),
    }),
  };
}

/** All of them, or the best and the latest of many, in the order told. */
function kept(told: readonly Told[]): Told[] {
  if (told.length <= MAX_POINTS) return [...told];
  const half = MAX_POINTS / 2;
  const rank = ({ score }: Told): number => score ?? Number.NEGATIVE_INFINITY;
  const older = new Set(
    told
      .slice(0, -half)
      .sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))
      .slice(0, half),
  );
  return told.filter((one, i) => i >= told.length - half || older.has(one));
}

/** Only where a share is below 1. */
const packShares = (told: readonly Told[]): OwnState =>
  told.every(({ share }) => share === 1) ? {} : { shares: packUnits(told.map(({ share }) => Float64Array.of(share))) };

function readOwn(own: OwnState, dimension: number): [Told[], Told[]] {
  const read = (points: JsonValue | undefined, scores: JsonValue | undefined): Omit<Told, 'share'>[] => {
    const values = typeof scores === 'string' ? unpackFloats(scores) : null;
    const rows = typeof points === 'string' && values !== null ? unpackUnits(points, values.length, dimension) : null;
    if (rows === null) throw damaged(NAME, `it has no ${dimension} numbers per score`);
    return rows.map((x, i) => ({ x, score: Number.isNaN(values![i]!) ? null : values![i]! }));
  };
  const [settled, pending] = [read(own['settled'], own['scores']), read(own['pending'], own['pendingScores'])];
  const shares = readShares(own['shares'], settled.length + pending.length);
  const told = [...settled, ...pending].map((one, i) => ({ ...one, share: shares[i]! }));
  return [told.slice(0, settled.length), told.slice(settled.length)];
}

/** All 1 if none are stored. */
function readShares(stored: JsonValue | undefined, count: number): readonly number[] {
  if (stored === undefined) return Array.from({ length: count }, () => 1);
  const rows = typeof stored === 'string' ? unpackUnits(stored, count, 1) : null;
  if (rows === null || !rows.every(([share]) => share! > 0)) throw damaged(NAME, 'it has no share per score');
  return rows.map(([share]) => share!);
}
