/**
 * Calibration trials of a search in scores that are computed from their stored terms. It only reads.
 */
import { and, asc, eq } from 'drizzle-orm';
import type { Coefficients } from '../contract/coefficients.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { raceOrder } from '../metrics/racing/looks.js';
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
  /** `raced`: (prompt, seed) pairs that it was scored on, the first ones of `raceOrder`; null for other trials. */
  readonly pairs: number | null;
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
  /**
   * Terms of a candidate's images in prompt-then-seed order; null if one is not stored or failed.
   *
   * @param pairs of a race: the first ones that it reaches alone, in its order
   */
  readonly rows: (candidateId: string, scorers: readonly string[], pairs?: number | null) => Row[] | null;
}

/** Trials that can be compared: with a score on all pairs, or an estimate of it from those that a race reached. */
export const comparable = ({ trials }: Calibration): StoredTrial[] =>
  trials.filter(({ status, pairs }) => status === 'ok' || (status === 'raced' && pairs !== null && pairs > 0));

/** The trial with the best score on all pairs, the earliest of equal ones: never one that was raced out. */
export const bestOf = (trials: readonly StoredTrial[]): StoredTrial | undefined =>
  trials
    .filter(({ status }) => status === 'ok')
    .reduce<StoredTrial | undefined>(
      (best, trial) => (best === undefined || trial.score! > best.score! ? trial : best),
      undefined,
    );

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
      pairs: trials.pairs,
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
    rows: (candidateId, scorers, pairs = null) => {
      if (scorers.some((scorer) => contexts[scorer] === undefined)) return null;
      const used = Object.fromEntries(scorers.map((scorer) => [scorer, contexts[scorer]!]));
      const all = knownEvaluations(store, used, candidateId, prompts, seeds);
      const known =
        pairs === null
          ? all
          : raceOrder(prompts.length, seeds.length)
              .slice(0, pairs)
              .map((pair) => all[pair]);
      const rows = known.flatMap((one) => (one?.status === 'ok' ? [one.terms] : []));
      return rows.length === known.length && rows.length > 0 ? rows : null;
    },
  };
}
