/**
 * Results as they are stored, by this version or an older one.
 */
import { widest } from '../metrics/statistics/paired-gain.js';
import type { EvaluatedRow } from '../contract/evaluate-spec.js';
import type { GainInterval } from '../contract/search-result.js';

/** A gain as 0.1.0 stored it. */
type OlderGain = Pick<GainInterval, 'percentile' | 'studentised'>;

const isOlderGain = (value: unknown): value is OlderGain =>
  typeof value === 'object' && value !== null && 'percentile' in value && 'studentised' in value && !('low' in value);

/** A row of a table as 0.1.0 stored it. */
const isOlderRow = (value: unknown): value is Omit<EvaluatedRow, 'records'> =>
  typeof value === 'object' && value !== null && 'objectiveLow' in value && !('records' in value);

/**
 * Reads the JSON of a result. Gains that 0.1.0 stored without `low` and `high` get them, and its rows of tables get an
 * empty `records`.
 */
export const readResult = <T>(json: string): T =>
  JSON.parse(json, (_, value: unknown) => {
    if (isOlderGain(value)) return { ...value, ...widest(value) };
    return isOlderRow(value) ? { ...value, records: [] } : value;
  }) as T;
