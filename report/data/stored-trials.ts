/**
 * The trials of a search as a report reads them, in one pass.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { Store } from '../../db/open-store.js';
import { statement } from '../../db/prepared.js';
import type { SearchDocument } from '../documents/search-document.js';

type Listed = SearchDocument['trials'][number];

/** A trial of any stage. */
export interface ReportTrial extends Omit<Listed, 'best'> {
  /** The optimizer's point; empty for a baseline and outside calibration. */
  readonly point: readonly number[];
  /** `raced`: (prompt, seed) pairs that the score rests on. */
  readonly pairs: number | null;
}

const TRIALS = `
  select t.stage as stage, t.number as number, t.status as status, t.point as point, t.pairs as pairs, t.score as score,
         t.tc as tc, t.iq as iq, t.updated_at as at, c.sample as sample, c.noise as noise
  from trials t join candidates c on c.id = t.candidate_id
  where t.search_id = @searchId
  order by case t.stage when 'calibration' then 0 when 'select' then 1 when 'confirm' then 2 else 3 end, t.number`;

interface Row extends Omit<ReportTrial, 'point' | 'coefficients'>, Record<keyof Coefficients | 'point', string> {}

/** Stage by stage, in the order in which they were asked. */
export const storedTrials = (store: Store, searchId: string): ReportTrial[] =>
  statement<{ searchId: string }, Row>(store, TRIALS)
    .all({ searchId })
    .map(({ sample, noise, point, ...trial }) => ({
      ...trial,
      point: JSON.parse(point) as number[],
      coefficients: { sample: JSON.parse(sample) as number[], noise: JSON.parse(noise) as number[] },
    }));

/** The trials of the calibration. */
export const calibrationTrials = (trials: readonly ReportTrial[]): ReportTrial[] =>
  trials.filter(({ stage }) => stage === 'calibration');

/** The trial with the best calibration score so far, the earliest of equal ones; undefined before the first. */
export const bestTrial = (calibration: readonly ReportTrial[]): ReportTrial | undefined =>
  calibration
    .filter(({ status, score }) => status === 'ok' && score !== null)
    .reduce<ReportTrial | undefined>(
      (best, trial) => (best === undefined || trial.score! > best.score! ? trial : best),
      undefined,
    );
