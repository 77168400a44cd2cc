/**
 * How fast a network is, from what this database has stored of it.
 */
import { canonicalJson } from '../../contract/canonical-json.js';
import { measuredSpeeds, type MeasuredSpeed } from '../../db/measured-speed.js';
import type { Store } from '../../db/open-store.js';

/** Seconds of one process per padded row, and where the number comes from. */
export interface KnownSpeed {
  readonly secondsPerRow: number;
  readonly secondsPerImage: number;
  readonly from: 'stored' | 'measured';
  /** Steps that it was measured with: decoding and scoring weigh more where there are few. */
  readonly steps: number;
  /** Searches; 0 if it was measured now. */
  readonly searches: number;
  readonly images: number;
}

interface Wanted {
  readonly model: string;
  readonly precision: string;
  readonly steps: number;
  readonly numeric: Readonly<Record<string, unknown>>;
}

/** Work with the same number of steps if there is any, else with the nearest. @returns null if none is stored */
export function storedSpeed(store: Store, { model, precision, steps, numeric }: Wanted): KnownSpeed | null {
  const own = canonicalJson(numeric);
  const [nearest] = measuredSpeeds(store, { model, precision })
    .filter((one) => canonicalJson(one.numeric) === own)
    .sort((a, b) => Math.abs(a.steps - steps) - Math.abs(b.steps - steps));
  return nearest === undefined ? null : speedOf(nearest);
}

const speedOf = ({ steps, searches, images, paddedRows, workerSeconds }: MeasuredSpeed): KnownSpeed => ({
  secondsPerRow: workerSeconds / paddedRows,
  secondsPerImage: workerSeconds / images,
  from: 'stored',
  steps,
  searches,
  images,
});
