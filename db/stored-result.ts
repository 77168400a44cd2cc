/**
 * Results as they are stored, by this version or an older one.
 */
import { widest } from '../metrics/statistics/paired-gain.js';
import type { GainInterval } from '../contract/search-result.js';

/** A gain as 0.1.0 stored it. */
type OlderGain = Pick<GainInterval, 'percentile' | 'studentised'>;

const isOlderGain = (value: unknown): value is OlderGain =>
  typeof value === 'object' && value !== null && 'percentile' in value && 'studentised' in value && !('low' in value);

/** Reads the JSON of a result. Gains that 0.1.0 stored without `low` and `high` get them. */
export const readResult = <T>(json: string): T =>
  JSON.parse(json, (_, value: unknown) => (isOlderGain(value) ? { ...value, ...widest(value) } : value)) as T;
