/**
 * Trials: persisted when asked, completed when their last evaluation is stored.
 * Every function is safe to repeat: activities are retried.
 */
import { and, eq, sql } from 'drizzle-orm';
import { decodeFloats } from '../spec/float-text.js';
import { createObjective } from '../metrics/jaq.js';
import type { Coefficients } from '../spec/coefficients.js';
import type { AskRequest, AskResult, BatchReference, OpenTrial, RecordRequest, TrialScore } from '../spec/payloads.js';
import { knownEvaluations, splitPrompts, type Known } from './evaluations.js';
import { candidateId, evaluationKey } from './keys.js';
import type { Store } from './open-store.js';
import { candidates, evaluations, trials } from './schema.js';

const now = sql`(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`;

/**
 * Persists what was asked, and says what is still to evaluate. A trial that is already
 * there keeps its stored coefficients: they win over what the optimizer says today.
 */
export function askTrials(store: Store, request: AskRequest): AskResult {
  const promptIds = splitPrompts(store, request.searchId, request.split);
  return store.transaction(() => {
    const open: OpenTrial[] = [];
    const scores: (number | null)[] = [];
    for (const trial of request.trials) {
      const coefficients = persist(store, request, trial.index, trial.coefficients, trial.point);
      const known = knownEvaluations(store, request.contexts, candidateId(coefficients), promptIds, request.seeds);
      const missing = indicesOf(known, (k) => k === undefined || (request.retryFailed && k.status === 'failed'));
      if (missing.length > 0) open.push({ index: trial.index, coefficients, missing: missing.length === known.length ? null : missing });
      scores.push(missing.length > 0 ? null : complete(store, request, trial.index, known).score);
    }
    return { open, scores };
  });
}

/**
 * Stores the evaluations of scored trials and returns the score of each trial that is complete.
 */
export function recordTrials(store: Store, request: RecordRequest): TrialScore[] {
  const promptIds = splitPrompts(store, request.searchId, request.split);
  const insert = insertEvaluation(store);
  return store.transaction(() =>
    request.trials.map((trial) => {
      const candidate = candidateId(trial.coefficients);
      for (const { scorer, names, values } of trial.scorers) {
        const contextId = request.contexts[scorer];
        if (contextId === undefined) continue;
        const numbers = decodeFloats(values);
        const failed = new Map(trial.failed.filter((failure) => (failure.scorer ?? scorer) === scorer).map(({ at, reason }) => [at, reason]));
        trial.evaluations.forEach((evaluation, at) => {
          const promptId = promptIds[Math.floor(evaluation / request.seeds.length)]!;
          const seed = request.seeds[evaluation % request.seeds.length]!;
          const row = numbers.subarray(at * names.length, (at + 1) * names.length);
          const reason = failed.get(at) ?? (row.every(Number.isFinite) ? null : 'a term is not finite');
          const terms = reason === null ? JSON.stringify(Object.fromEntries(names.map((name, k) => [name, row[k]!]))) : null;
          insert.run({ key: evaluationKey(contextId, candidate, promptId, seed), contextId, candidateId: candidate, promptId, seed, status: reason === null ? 'ok' : 'failed', reason, terms, searchId: request.searchId });
        });
      }
      const known = knownEvaluations(store, request.contexts, candidate, promptIds, request.seeds);
      if (known.some((k) => k === undefined)) return { index: trial.index, score: null, tc: null, iq: null };
      return complete(store, request, trial.index, known);
    }),
  );
}

/** A failed row gives way to a new result; an ok row never changes. */
function insertEvaluation(store: Store) {
  const hole = (name: string) => sql.placeholder(name);
  return store
    .insert(evaluations)
    .values({ key: hole('key'), contextId: hole('contextId'), candidateId: hole('candidateId'), promptId: hole('promptId'), seed: hole('seed'), status: hole('status'), reason: hole('reason'), terms: hole('terms'), searchId: hole('searchId') })
    .onConflictDoUpdate({
      target: evaluations.key,
      set: { status: sql`excluded.status`, reason: sql`excluded.reason`, terms: sql`excluded.terms`, searchId: sql`excluded.search_id` },
      setWhere: sql`${evaluations.status} = 'failed'`,
    })
    .prepare();
}

function persist(store: Store, { searchId, stage }: BatchReference, number: number, coefficients: Coefficients, point: readonly number[]): Coefficients {
  const id = candidateId(coefficients);
  store.insert(candidates).values({ id, sample: JSON.stringify(coefficients.sample), noise: JSON.stringify(coefficients.noise) }).onConflictDoNothing().run();
  const insert = store.insert(trials).values({ searchId, stage, number, candidateId: id, point: JSON.stringify(point), status: 'asked' });
  // Finalists may change when a search is resumed with a larger budget; what was searched does not.
  if (stage === 'calibration') insert.onConflictDoNothing().run();
  else insert.onConflictDoUpdate({ target: [trials.searchId, trials.stage, trials.number], set: { candidateId: id, status: 'asked', score: null, tc: null, iq: null }, setWhere: sql`${trials.candidateId} <> ${id}` }).run();
  const stored = store
    .select({ sample: candidates.sample, noise: candidates.noise })
    .from(trials)
    .innerJoin(candidates, eq(candidates.id, trials.candidateId))
    .where(isTrial({ searchId, stage }, number))
    .get();
  return { sample: JSON.parse(stored!.sample) as number[], noise: JSON.parse(stored!.noise) as number[] };
}

const isTrial = ({ searchId, stage }: Pick<BatchReference, 'searchId' | 'stage'>, number: number) =>
  and(eq(trials.searchId, searchId), eq(trials.stage, stage), eq(trials.number, number));

function complete(store: Store, request: BatchReference, index: number, known: readonly Known[]): TrialScore {
  const objective = createObjective(request.objective);
  const rows = known.flatMap((k) => (k?.status === 'ok' ? [k.terms[request.objective.scorer]!] : []));
  const ok = rows.length === known.length && rows.length > 0;
  const { tc, iq } = ok ? objective.terms(rows) : { tc: null, iq: null };
  const score = ok ? objective.score(rows) : null;
  store.update(trials).set({ status: ok ? 'ok' : 'failed', score, tc, iq, updatedAt: now }).where(isTrial(request, index)).run();
  return { index, score, tc, iq };
}

function indicesOf<T>(list: readonly T[], wanted: (value: T) => boolean): number[] {
  return list.flatMap((value, i) => (wanted(value) ? [i] : []));
}
