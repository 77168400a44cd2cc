/**
 * Which candidates of a search may be its finalist, as the model of its optimizer sees them: those with the best means, also
 * where a race dropped them. A mean rests on all scores, a score on the pairs that its own candidate was given.
 */
import type { Finalist } from '../contract/payloads.js';
import type { Store } from '../db/open-store.js';
import { toldTrials } from '../db/told-trials.js';
import { predictScores } from '../optimizers/gp/predict.js';
import { kept } from '../optimizers/gp/told-points.js';
import type { RankRequest } from './compute-messages.js';

/** The best means first, each candidate once; none without a scored candidate. Points whose scores were known are left out. */
export function rankFinalists(store: Store, { searchId, options, pairs, most }: RankRequest): Finalist[] {
  const { space, prior, known = [] } = options;
  const told = kept(toldTrials(store, searchId, pairs));
  if (told.length === 0) return [];
  const places = told.map(({ point }) => point);
  const means = predictScores([...known, ...told], space, places, prior).map(({ mean }) => mean);
  const seen = new Set(known.map(({ point }) => point.join()));
  return told
    .map((one, i) => ({ one, mean: means[i]! }))
    .sort((a, b) => b.mean - a.mean || a.one.index - b.one.index)
    .filter(({ one: { point } }) => !seen.has(point.join()) && seen.add(point.join()))
    .slice(0, most)
    .map(({ one: { index, coefficients, score, share } }) => ({ index, coefficients, score, share }));
}
