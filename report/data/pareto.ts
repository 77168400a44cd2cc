/**
 * Both terms of every scored candidate, so that any weight can be tried.
 */
import type { ObjectiveChoice, SearchSpec } from '../../contract/search-spec.js';
import { maximisesRepair } from '../../contract/goal.js';
import type { RacedTerms } from '../../db/raced-terms.js';
import { frontOf } from '../../metrics/objectives/pareto.js';
import { kWeighs } from '../../metrics/objectives/registry.js';
import type { SearchDocument } from '../documents/search-document.js';
import { usesK } from '../text/objective-text.js';
import type { ReportTrial } from './stored-trials.js';

/**
 * @param calibration its trials, the baseline among them
 * @param chosen the trial that the search itself puts first
 * @param raced trials that were raced out, with estimates
 * @returns null where the score is not a sum of both terms, and before the first score
 */
export function paretoOf(
  spec: SearchSpec,
  { type, k }: ObjectiveChoice,
  calibration: readonly ReportTrial[],
  chosen: number | undefined,
  raced: readonly RacedTerms[] = [],
): SearchDocument['pareto'] {
  const estimates = new Map(raced.map(({ trial: { trial }, tc, iq }) => [trial, { tc, iq }]));
  const points = calibration.flatMap(({ number, status, tc, iq }) => {
    const found = status === 'ok' ? { tc, iq } : (estimates.get(number) ?? { tc: null, iq: null });
    if (found.tc === null || found.iq === null) return [];
    return [{ trial: number, tc: found.tc, iq: found.iq, estimated: status !== 'ok' }];
  });
  if (points.length === 0 || maximisesRepair(spec)) return null;
  const front = new Set(frontOf(points.map(({ tc, iq }) => [tc, iq])));
  return {
    k: usesK(type) ? k : null,
    kWeighs: kWeighs(type) ?? 'quality',
    points: points.map((point, i) => ({ ...point, front: front.has(i), chosen: point.trial === chosen })),
  };
}
