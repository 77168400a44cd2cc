/**
 * What a ranking needs from a search: its calibration trials with their terms. Reads only the database.
 */
import { inArray } from 'drizzle-orm';
import { CLIP_IQA_PROMPTS, type ClipIqaName } from '../metrics/scores/clip-iqa.js';
import type { MeanTerms } from '../metrics/objectives/jaq.js';
import type { Coefficients } from '../contract/coefficients.js';
import { QschedError } from '../contract/errors.js';
import { scorersOf } from '../contract/objective-plan.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { knownEvaluations, splitPrompts, type Known } from './evaluations.js';
import type { Store } from './open-store.js';
import { contexts } from './schema.js';
import { searchContextIds } from './searches.js';
import { settledObjective } from './settle-k.js';
import { racedTerms } from './raced-terms.js';
import { storedObjective } from './stored-scores.js';
import { bestOf, type Calibration } from './stored-terms.js';

/** A scored calibration trial. */
export interface RankedTrial extends MeanTerms {
  readonly search: string;
  /** 0 is the baseline. */
  readonly trial: number;
  /** (prompt, seed) pairs that its terms are estimated from: it was raced out; null if they are of all. */
  readonly pairs: number | null;
  readonly coefficients: Coefficients;
}

/** A search for a ranking. */
export interface RankableSearch {
  readonly id: string;
  readonly status: string;
  readonly spec: SearchSpec;
  /** The k of its objective; 1 if it has none. */
  readonly k: number;
  /** The trial with the highest score in the search itself; 0 if none was above the baseline. */
  readonly ownWinner: number;
  /** Trials that can be compared, in the order in which they were asked, without the baseline. */
  readonly trials: readonly RankedTrial[];
  readonly identity: RankedTrial | null;
  /** (prompt, seed) pairs of a whole score. */
  readonly pairs: number;
  /** Numbers of the trials that were raced out on part of the prompts, that failed, and without a score so far. */
  readonly raced: readonly number[];
  readonly failed: readonly number[];
  readonly open: readonly number[];
  readonly prompts: readonly string[];
  /** Provenance by scorer of the objective. */
  readonly provenance: Readonly<Record<string, Provenance>>;
}

/** What a context says of one scorer's scores. */
export interface Provenance {
  readonly files?: Readonly<Record<string, string>>;
  readonly schedule?: unknown;
  readonly scorer?: { readonly name?: string; readonly version?: unknown; readonly files?: unknown };
  readonly numeric?: unknown;
}

/** A stored search with its spec. */
export interface StoredSearch {
  readonly id: string;
  readonly status: string;
  readonly spec: SearchSpec;
}

/**
 * @param calibration that of the search
 * @param pair uses the mean of this stored CLIP-IQA pair as IQ instead of the objective's own
 * @throws QschedError (failure): no trial is scored yet, or the pair is not stored
 */
export function readRankable(
  store: Store,
  { id, status, spec }: StoredSearch,
  calibration: Calibration,
  pair?: ClipIqaName,
): RankableSearch {
  const prompts = splitPrompts(store, id, 'calibration');
  const objective = settledObjective(store, { id, spec });
  const own = searchContextIds(store, id, spec.precision);
  const used = Object.fromEntries(
    scorersOf(storedObjective(objective)).flatMap((scorer) =>
      own[scorer] === undefined ? [] : [[scorer, own[scorer]]],
    ),
  );
  const scored = calibration.trials
    .filter((trial) => trial.status === 'ok')
    .map(({ trial, tc, iq, candidateId, coefficients }): RankedTrial => ({
      search: id,
      trial,
      pairs: null,
      coefficients,
      tc,
      iq:
        pair === undefined
          ? iq
          : pairMean(knownEvaluations(store, used, candidateId, prompts, spec.prompts.seeds), pair, id),
    }));
  const numbers = (wanted: string): number[] =>
    calibration.trials.filter((one) => one.status === wanted).map(({ trial }) => trial);
  const quality = pair === undefined ? undefined : `clip-iqa.${pair}`;
  const estimated = racedTerms(calibration, objective, { quality }).map(
    ({ trial: { trial, pairs, coefficients }, tc, iq }): RankedTrial => ({
      search: id,
      trial,
      pairs,
      coefficients,
      tc,
      iq,
    }),
  );
  const searched = [...scored.filter(({ trial }) => trial > 0), ...estimated].sort((a, b) => a.trial - b.trial);
  const best = bestOf(calibration.trials);
  if (best === undefined || searched.length === 0) {
    throw new QschedError(
      'failure',
      `The search "${id}" is ${status} and has no scored trial to rank.`,
      `Resume it: npx qsched resume ${id}`,
    );
  }
  return {
    id,
    status,
    spec,
    k: objective.type === 'weighted' ? 1 : objective.k,
    ownWinner: best.trial,
    trials: searched,
    identity: scored.find(({ trial }) => trial === 0) ?? null,
    pairs: prompts.length * spec.prompts.seeds.length,
    raced: numbers('raced'),
    failed: numbers('failed'),
    open: numbers('asked'),
    prompts,
    provenance: provenanceOf(store, used),
  };
}

function provenanceOf(store: Store, used: Readonly<Record<string, string>>): Record<string, Provenance> {
  const rows = store
    .select({ id: contexts.id, provenance: contexts.provenance })
    .from(contexts)
    .where(inArray(contexts.id, Object.values(used)))
    .all();
  const byId = new Map(rows.map((row) => [row.id, JSON.parse(row.provenance) as Provenance]));
  return Object.fromEntries(Object.entries(used).map(([scorer, context]) => [scorer, byId.get(context) ?? {}]));
}

/** Mean over a candidate's images, in prompt-then-seed order; for the objective's own pair equal to its IQ to the bit. */
function pairMean(known: readonly Known[], pair: ClipIqaName, id: string): number {
  let sum = 0;
  for (const one of known) {
    const terms = one?.status === 'ok' ? Object.values(one.terms) : [];
    const value = terms.map((row) => row[`clip-iqa.${pair}`]).find((term) => term !== undefined);
    if (value === undefined) throw withoutPair(terms, pair, id);
    sum += value;
  }
  return sum / known.length;
}

function withoutPair(terms: readonly Readonly<Record<string, number>>[], pair: string, id: string): QschedError {
  const stored = Object.keys(CLIP_IQA_PROMPTS).filter((name) => terms.some((row) => `clip-iqa.${name}` in row));
  const hint =
    stored.length > 0 ? `Stored: ${stored.join(', ')}.` : 'Its objective does not use CLIP-IQA. Omit --pair.';
  return new QschedError('failure', `The images of "${id}" have no stored CLIP-IQA pair "${pair}".`, hint);
}
