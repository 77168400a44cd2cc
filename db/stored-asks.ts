/**
 * Trials as they were asked, for optimizers whose candidates are not computed again when a search is resumed.
 */
import type { Coefficients } from '../contract/coefficients.js';
import type { AskedTrial, BatchReference } from '../contract/payloads.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

const ASKED = `
  select t.number as number, t.point as point, c.sample as sample, c.noise as noise
  from trials t join candidates c on c.id = t.candidate_id
  where t.search_id = @searchId and t.stage = 'calibration' and t.number >= @first and t.number < @first + @count
  order by t.number`;

/** The calibration trials `first` to `first + count - 1` of a search, as far as they were asked. */
export function storedAsks(store: Store, searchId: string, first: number, count: number): AskedTrial[] {
  const rows = statement<object, Record<'point' | 'sample' | 'noise', string> & { number: number }>(store, ASKED);
  const read = (list: string): number[] => JSON.parse(list) as number[];
  return rows.all({ searchId, first, count }).map(({ number: index, point, sample, noise }) => ({
    index,
    point: read(point),
    coefficients: { sample: read(sample), noise: read(noise) },
  }));
}

/** A stored trial; `raced` is the number of pairs that one has which was dropped in a race, else null. */
export interface StoredTrial {
  readonly coefficients: Coefficients;
  readonly raced: number | null;
}

const OF_STAGE = `
  select c.sample as sample, c.noise as noise, case t.status when 'raced' then t.pairs end as raced
  from trials t join candidates c on c.id = t.candidate_id
  where t.search_id = @searchId and t.stage = @stage order by t.number`;

/** The trials of a stage of a search, in order; none if it is not stored. */
export const trialsOfStage = (store: Store, searchId: string, stage: BatchReference['stage']): StoredTrial[] =>
  statement<object, Record<'sample' | 'noise', string> & Pick<StoredTrial, 'raced'>>(store, OF_STAGE)
    .all({ searchId, stage })
    .map(({ sample, noise, raced }) => ({
      coefficients: { sample: JSON.parse(sample) as number[], noise: JSON.parse(noise) as number[] },
      raced,
    }));
