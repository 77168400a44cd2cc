/**
 * What the optimizer of a search was told: its candidates with their scores, those that a race dropped among them.
 */
import type { Finalist } from '../contract/payloads.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

const TOLD = `
  select t.number as number, t.point as point, t.score as score, c.sample as sample, c.noise as noise,
         case t.status when 'raced' then t.pairs end as pairs
  from trials t join candidates c on c.id = t.candidate_id
  where t.search_id = @searchId and t.stage = 'calibration' and t.number > 0 and t.status in ('ok', 'raced')
    and t.score is not null
  order by t.number`;

/** A candidate as the optimizer knows it. */
export interface ToldTrial extends Finalist {
  readonly point: readonly number[];
}

/** The candidates of a search that have a score, in ask order. @param pairs of the calibration */
export function toldTrials(store: Store, searchId: string, pairs: number): ToldTrial[] {
  const rows = statement<
    object,
    Record<'point' | 'sample' | 'noise', string> &
      Record<'number' | 'score', number> & { readonly pairs: number | null }
  >(store, TOLD).all({ searchId });
  const read = (list: string): number[] => JSON.parse(list) as number[];
  return rows.map(({ number: index, point, score, sample, noise, pairs: own }) => ({
    index,
    point: read(point),
    coefficients: { sample: read(sample), noise: read(noise) },
    score,
    share: own === null ? 1 : own / pairs,
  }));
}
