/**
 * Gains of a stage's trials over its trial 0, the baseline, from the stored terms of the quantised network.
 */
import { scoreOfTerms, type MeanTerms } from '../metrics/objectives/jaq.js';
import type { StageGainsRequest } from '../contract/payloads.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

const TERMS = `
  select number, tc, iq from trials
  where search_id = @searchId and stage = @stage and status = 'ok' and number <= @count`;

/** In the order of the numbers from 1 on; null for a trial without a score, and without one of the baseline. */
export function stageGains(store: Store, { searchId, stage, objective, count }: StageGainsRequest): (number | null)[] {
  const rows = statement<object, MeanTerms & { number: number }>(store, TERMS).all({ searchId, stage, count });
  const scores = new Map(rows.map(({ number, ...terms }) => [number, scoreOfTerms(objective, terms)]));
  const baseline = scores.get(0);
  return Array.from({ length: count }, (_, i) => {
    const own = scores.get(i + 1);
    return own === undefined || baseline === undefined ? null : own - baseline;
  });
}
