/**
 * Terms of candidates that were raced out, estimated from the images that they have.
 */
import type { SearchSpec } from '../../contract/search-spec.js';
import type { Store } from '../../db/open-store.js';
import { settledObjective } from '../../db/settle-k.js';
import { storedScore } from '../../db/stored-scores.js';
import { calibrationOf, comparable } from '../../db/stored-terms.js';

/** Both terms of a candidate. */
export interface EstimatedTerms {
  readonly tc: number;
  readonly iq: number;
}

/** More estimates than this take seconds, and the worst candidates are not near the front. */
const MOST = 400;

/**
 * The estimates of the best candidates that were raced out, by trial; empty where the objective has one term alone, or an
 * image of them is not stored.
 */
export function estimatedTerms(
  store: Store,
  search: { readonly id: string; readonly spec: SearchSpec },
): ReadonlyMap<number, EstimatedTerms> {
  const calibration = calibrationOf(store, search);
  const raced = comparable(calibration)
    .filter(({ status }) => status === 'raced')
    .sort((a, b) => b.score! - a.score!)
    .slice(0, MOST);
  const both = calibration.trials.some(({ status, tc, iq }) => status === 'ok' && tc !== null && iq !== null);
  if (raced.length === 0 || !both) return new Map();
  const objective = settledObjective(store, search);
  const of = (name: string) => storedScore(calibration, objective, { field: 'report', name }).of;
  const [text, quality] = [of('text'), of('quality')];
  return new Map(
    raced
      .map((trial) => [trial.trial, { tc: text(trial), iq: quality(trial) }] as const)
      .filter(([, { tc, iq }]) => Number.isFinite(tc) && Number.isFinite(iq)),
  );
}
