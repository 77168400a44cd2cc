/**
 * Distances of one row of an evaluation: to real pictures, to the full-precision network's pictures of
 * the same prompts and seeds, and how the first differs from the identity's.
 */
import { cmmd } from './cmmd.js';
import type { Features } from './features.js';
import { frechetDistance } from './frechet.js';
import { frechetDifference, frechetEstimate, frechetInterval } from './frechet-interval.js';
import type { FeatureStatistics } from './gaussian-features.js';
import { kid } from './kid.js';

/** Features of a row's pictures in prompt-then-seed order; NaN where a picture failed. */
export interface RowFeatures {
  readonly seeds: number;
  readonly table: Features;
}

/** What a row is measured against; null where there is none. */
export interface DistanceOptions {
  readonly reference: FeatureStatistics | null;
  readonly identity: RowFeatures | null;
  /** The full-precision network's. */
  readonly full: RowFeatures | null;
  /** Kind of the scorer that the features are from; CMMD is defined for its own alone. */
  readonly kind: string | null;
}

/** What could be measured; null where something is missing. */
export interface RowDistances {
  readonly fid: { readonly distance: number; readonly low: number; readonly high: number } | null;
  readonly fidGain: { readonly difference: number; readonly low: number; readonly high: number } | null;
  readonly fidSd: number | null;
  readonly kid: number | null;
  readonly cmmd: number | null;
  readonly warnings: readonly string[];
}

/** KID and CMMD look at all pairs of pictures: at most so many pictures of each row. */
export const MOST_PAIRED_PICTURES = 2000;

const NOTHING: RowDistances = { fid: null, fidGain: null, fidSd: null, kid: null, cmmd: null, warnings: [] };

/**
 * Every distance of a row. Pictures that failed are left out, in pairs where two rows are compared.
 *
 * @param row null where the row has no features
 */
export function distancesOf(row: RowFeatures | null, { reference, identity, full, kind }: DistanceOptions): RowDistances {
  if (row === null) return NOTHING;
  const warnings: string[] = [];
  const own = placesOf(row);
  if (promptsOf(own, row).length < 2) return { ...NOTHING, warnings: ['too few pictures for a distance'] };
  let fid: RowDistances['fid'] = null;
  let fidGain: RowDistances['fidGain'] = null;
  if (reference !== null) {
    const { distance, influence } = frechetEstimate(select(row, own), reference);
    const { low, high } = frechetInterval(influence, distance, own.map((i) => promptOf(i, row)));
    fid = { distance, low, high };
    const common = identity === null ? [] : placesOf(row, identity);
    if (identity !== null && promptsOf(common, row).length >= 2) {
      const { value, ...interval } = frechetDifference(frechetEstimate(select(row, common), reference), frechetEstimate(select(identity, common), reference), common.map((i) => promptOf(i, row)));
      fidGain = { difference: value, low: interval.low, high: interval.high };
    }
  }
  const both = full === null ? [] : placesOf(row, full);
  if (full === null || both.length < 2) return { ...NOTHING, fid, fidGain, warnings };
  const some = both.slice(0, MOST_PAIRED_PICTURES);
  if (some.length < both.length) warnings.push(`KID and CMMD look at the first ${some.length} pictures`);
  return {
    fid, fidGain,
    fidSd: frechetDistance(select(row, both), select(full, both)),
    kid: kid(select(row, some), select(full, some)),
    cmmd: kind === 'cmmd' ? cmmd(select(row, some), select(full, some)) : null,
    warnings,
  };
}

/** Pictures that have features in every row. */
function placesOf(...rows: readonly RowFeatures[]): number[] {
  const { rows: count } = rows[0]!.table;
  return Array.from({ length: count }, (_, i) => i).filter((i) => rows.every(({ table: { dimension, data } }) => !Number.isNaN(data[i * dimension]!)));
}

const promptOf = (i: number, { seeds }: RowFeatures): number => Math.floor(i / seeds);

const promptsOf = (places: readonly number[], row: RowFeatures): number[] => [...new Set(places.map((i) => promptOf(i, row)))];

function select({ table: { dimension, data } }: RowFeatures, places: readonly number[]): Features {
  const chosen = new Float32Array(places.length * dimension);
  places.forEach((i, at) => chosen.set(data.subarray(i * dimension, (i + 1) * dimension), at * dimension));
  return { rows: places.length, dimension, data: chosen };
}
