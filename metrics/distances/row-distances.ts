/**
 * Distances of one row of an evaluation: to real images, to the full-precision network's images of
 * the same prompts and seeds, and how the first differs from the baseline's.
 *
 * A distance takes long, and rows share the baseline's and the reference: each is asked of `remember` by
 * what decides it.
 */
import { cmmd } from './cmmd.js';
import type { Features } from './features.js';
import { frechetDistance } from './frechet.js';
import { frechetDifference, frechetEstimate, frechetInterval, type FrechetEstimate } from './frechet-interval.js';
import type { FeatureStatistics } from './gaussian-features.js';
import { kid } from './kid.js';

/** Features of a row's images in prompt-then-seed order; NaN if an image failed. */
export interface RowFeatures {
  /** Names the content: rows of one name hold the same features. */
  readonly name: string;
  readonly seeds: number;
  readonly table: Features;
}

/** Statistics of real images under a name made from their content. */
export interface NamedReference extends FeatureStatistics {
  readonly name: string;
}

/**
 * Hands back what was computed before.
 *
 * @param what the quantity, with the version of how it is computed
 * @param of names of what it is computed from, and plain JSON for which part of it
 * @param compute called if the answer is not known
 */
export type Remember = (what: string, of: readonly unknown[], compute: () => Float64Array) => Promise<Float64Array>;

/** What a row is measured against; null if there is none. */
export interface DistanceOptions {
  readonly reference: NamedReference | null;
  readonly identity: RowFeatures | null;
  /** The full-precision network's. */
  readonly full: RowFeatures | null;
  /** Kind of the scorer that the features are from; CMMD is defined for its own alone. */
  readonly kind: string | null;
}

/** What could be measured; null if something is missing. */
export interface RowDistances {
  readonly fid: { readonly distance: number; readonly low: number; readonly high: number } | null;
  readonly fidGain: { readonly difference: number; readonly low: number; readonly high: number } | null;
  readonly fidSd: number | null;
  readonly kid: number | null;
  readonly cmmd: number | null;
  readonly warnings: readonly string[];
}

/** KID and CMMD look at all pairs of images: at most so many images of each row. */
export const MAX_PAIRED_IMAGES = 2000;

const NOTHING: RowDistances = { fid: null, fidGain: null, fidSd: null, kid: null, cmmd: null, warnings: [] };

const computeAlways: Remember = async (_what, _of, compute) => compute();

/**
 * Every distance of a row. Images that failed are left out, in pairs if two rows are compared.
 *
 * @param row null if the row has no features
 */
export async function distancesOf(
  row: RowFeatures | null,
  { reference, identity, full, kind }: DistanceOptions,
  remember: Remember = computeAlways,
): Promise<RowDistances> {
  if (row === null) return NOTHING;
  if (promptsOf(placesOf(row), row).length < 2) return { ...NOTHING, warnings: ['too few images for a distance'] };
  const toReal = reference === null ? {} : await distancesToReal(row, reference, identity, remember);
  const toFull = full === null ? {} : await distancesToFull(row, full, kind, remember);
  return { ...NOTHING, ...toReal, ...toFull };
}

/** Which images have features: all values of them are finite. */
export function finishedFeatures({ table: { rows, dimension, data } }: RowFeatures): boolean[] {
  const finished = new Array<boolean>(rows).fill(true);
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) finished[Math.floor(i / dimension)] = false;
  return finished;
}

/** The distance to real images with its interval, and the paired difference from the baseline's. */
async function distancesToReal(
  row: RowFeatures,
  reference: NamedReference,
  identity: RowFeatures | null,
  remember: Remember,
): Promise<Pick<RowDistances, 'fid' | 'fidGain'>> {
  const estimate = async (of: RowFeatures, places: readonly number[]): Promise<FrechetEstimate> => {
    const numbers = await remember('frechet-estimate/1', [part(of, places), reference.name], () => {
      const made = frechetEstimate(select(of, places), reference);
      const packed = new Float64Array(1 + made.influence.length);
      packed[0] = made.distance;
      packed.set(made.influence, 1);
      return packed;
    });
    return { distance: numbers[0]!, influence: numbers.subarray(1) };
  };
  const own = placesOf(row);
  const ownEstimate = await estimate(row, own);
  const { distance, influence } = ownEstimate;
  const { low, high } = frechetInterval(
    influence,
    distance,
    own.map((i) => promptOf(i, row)),
  );
  const fid = { distance, low, high };
  const common = identity === null ? [] : placesOf(row, identity);
  if (identity === null || promptsOf(common, row).length < 2) return { fid, fidGain: null };
  const after = common.length === own.length ? ownEstimate : await estimate(row, common);
  const before = await estimate(identity, common);
  const gain = frechetDifference(
    after,
    before,
    common.map((i) => promptOf(i, row)),
  );
  return { fid, fidGain: { difference: gain.value, low: gain.low, high: gain.high } };
}

/** Distances to the images of the same prompts and seeds that full precision gives. */
async function distancesToFull(
  row: RowFeatures,
  full: RowFeatures,
  kind: string | null,
  remember: Remember,
): Promise<Pick<RowDistances, 'fidSd' | 'kid' | 'cmmd' | 'warnings'>> {
  const both = placesOf(row, full);
  if (both.length < 2) return { fidSd: null, kid: null, cmmd: null, warnings: [] };
  const number = async (
    what: string,
    distance: (x: Features, y: Features) => number,
    places: readonly number[],
  ): Promise<number> => {
    const compute = (): Float64Array => Float64Array.of(distance(select(row, places), select(full, places)));
    return (await remember(what, [part(row, places), part(full, places)], compute))[0]!;
  };
  const some = both.slice(0, MAX_PAIRED_IMAGES);
  return {
    fidSd: await number('frechet-distance/1', frechetDistance, both),
    kid: await number('kid/1', kid, some),
    cmmd: kind === 'cmmd' ? await number('cmmd/1', cmmd, some) : null,
    warnings: some.length < both.length ? [`KID and CMMD look at the first ${some.length} images`] : [],
  };
}

/** Images that have features in every row. */
function placesOf(...rows: readonly RowFeatures[]): number[] {
  const finished = rows.map(finishedFeatures);
  return Array.from(finished[0]!.keys()).filter((i) => finished.every((list) => list[i]));
}

const promptOf = (i: number, { seeds }: RowFeatures): number => Math.floor(i / seeds);

const promptsOf = (places: readonly number[], row: RowFeatures): number[] => [
  ...new Set(places.map((i) => promptOf(i, row))),
];

/** Names images of a row, for `remember`. */
const part = ({ name, table }: RowFeatures, places: readonly number[]): readonly unknown[] => [
  name,
  places.length === table.rows ? 'all' : places,
];

function select({ table: { dimension, data } }: RowFeatures, places: readonly number[]): Features {
  const chosen = new Float32Array(places.length * dimension);
  places.forEach((i, at) => {
    chosen.set(data.subarray(i * dimension, (i + 1) * dimension), at * dimension);
  });
  return { rows: places.length, dimension, data: chosen };
}
