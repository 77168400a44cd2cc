/**
 * Both terms of every scored candidate, so that any weight can be tried.
 */
import type { ObjectiveChoice, SearchSpec } from '../../contract/search-spec.js';
import { maximisesRepair } from '../../contract/goal.js';
import { frontOf } from '../../metrics/objectives/pareto.js';
import { kWeighs } from '../../metrics/objectives/registry.js';
import type { SearchDocument } from '../documents/search-document.js';
import { usesK } from '../text/objective-text.js';
import type { EstimatedTerms } from './estimated-terms.js';
import type { ReportTrial } from './stored-trials.js';

/**
 * @param calibration its trials, the baseline among them
 * @param chosen the trial that the search itself puts first
 * @param estimates of trials that were raced out
 * @returns null where the score is not a sum of both terms, and before the first score
 */
export function paretoOf(
  spec: SearchSpec,
  { type, k }: ObjectiveChoice,
  calibration: readonly ReportTrial[],
  chosen: number | undefined,
  estimates: ReadonlyMap<number, EstimatedTerms> = new Map(),
): SearchDocument['pareto'] {
  const points = calibration.flatMap(({ number, status, tc, iq }) => {
    const estimate = estimates.get(number);
    if (estimate !== undefined) return [{ trial: number, ...estimate, estimated: true }];
    return status === 'ok' && tc !== null && iq !== null ? [{ trial: number, tc, iq, estimated: false }] : [];
  });
  if (points.length === 0 || maximisesRepair(spec)) return null;
  const front = new Set(frontOf(points.map(({ tc, iq }) => [tc, iq])));
  return {
    k: usesK(type) ? k : null,
    kWeighs: kWeighs(type) ?? 'quality',
    points: points.map((point, i) => ({ ...point, front: front.has(i), chosen: point.trial === chosen })),
  };
}
