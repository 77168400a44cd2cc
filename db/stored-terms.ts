/**
 * Calibration trials of a search in scores that are computed from their stored terms. It only reads.
 */
import { and, asc, eq } from 'drizzle-orm';
import type { Coefficients } from '../contract/coefficients.js';
import type { SearchSpec } from '../contract/search-spec.js';
import type { Row } from '../metrics/objectives/jaq.js';
import { knownEvaluations, splitPrompts } from './evaluations.js';
import type { Store } from './open-store.js';
import { candidates, trials } from './schema.js';
import { searchContextIds } from './searches.js';

/** A calibration trial that is stored; 0 is the baseline. */
export interface StoredTrial {
  readonly trial: number;
  readonly candidateId: string;
  readonly status: string;
  readonly score: number | null;
  readonly tc: number | null;
  readonly iq: number | null;
  readonly coefficients: Coefficients;
}

/** The calibration of a search. */
export interface Calibration {
  /** In the order in which they were asked. */
  readonly trials: readonly StoredTrial[];
  /** Number of seeds per prompt. */
  readonly seeds: number;
  /** Scorers with a context in this search: of these alone terms can be stored. */
  readonly scorers: readonly string[];
  /** Terms of a candidate's images in prompt-then-seed order; null if one is not stored or failed. */
  readonly rows: (candidateId: string, scorers: readonly string[]) => Row[] | null;
}

/** The calibration trials of a stored search, and their terms. */
export function calibrationOf(
  store: Store,
  { id, spec }: { readonly id: string; readonly spec: SearchSpec },
): Calibration {
  const { seeds } = spec.prompts;
  const prompts = splitPrompts(store, id, 'calibration');
  const contexts = searchContextIds(store, id, spec.precision);
  const found = store
    .select({
      trial: trials.number,
      candidateId: trials.candidateId,
      status: trials.status,
      score: trials.score,
      tc: trials.tc,
      iq: trials.iq,
      sample: candidates.sample,
      noise: candidates.noise,
    })
    .from(trials)
    .innerJoin(candidates, eq(candidates.id, trials.candidateId))
    .where(and(eq(trials.searchId, id), eq(trials.stage, 'calibration')))
    .orderBy(asc(trials.number))
    .all();
  return {
    trials: found.map(({ sample, noise, ...trial }) => ({
      ...trial,
      coefficients: { sample: JSON.parse(sample) as number[], noise: JSON.parse(noise) as number[] },
    })),
    seeds: seeds.length,
    scorers: Object.keys(contexts),
    rows: (candidateId, scorers) => {
      if (scorers.some((scorer) => contexts[scorer] === undefined)) return null;
      const used = Object.fromEntries(scorers.map((scorer) => [scorer, contexts[scorer]!]));
      const known = knownEvaluations(store, used, candidateId, prompts, seeds);
      const rows = known.flatMap((one) => (one?.status === 'ok' ? [one.terms] : []));
      return rows.length === known.length && rows.length > 0 ? rows : null;
    },
  };
}
