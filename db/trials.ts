/**
 * Trials: persisted when asked, completed when their last evaluation is stored.
 * Every function is safe to repeat: activities are retried.
 */
import { decodeFloats } from '../contract/float-text.js';
import { createObjective } from '../metrics/objectives/jaq.js';
import type { Coefficients } from '../contract/coefficients.js';
import type {
  AskedTrial,
  AskRequest,
  AskResult,
  BatchReference,
  OpenTrial,
  RecordRequest,
  ScoredTrial,
  TrialScore,
} from '../contract/payloads.js';
import { knownEvaluations, splitPrompts, type Known } from './evaluations.js';
import { candidateId, evaluationKey } from './keys.js';
import type { Store } from './open-store.js';
import { statements } from './statements.js';

/** Coefficients that differ by no more are the same: another machine's mathematics moves the last bits. */
const ROUNDING = 1e-9;

/**
 * Persists what was asked, and says what is still to evaluate. A trial that is there already keeps its
 * stored coefficients where those of today differ by rounding alone; `kept` names it. Otherwise it is
 * replaced: a failure that was tried again with success leads the optimizer to other candidates.
 */
export function askTrials(store: Store, request: AskRequest): AskResult {
  const promptIds = splitPrompts(store, request.searchId, request.split);
  return store.transaction(() => {
    const open: OpenTrial[] = [];
    const scores: (number | null)[] = [];
    const kept: AskResult['kept'][number][] = [];
    for (const trial of request.trials) {
      const coefficients = persist(store, request, trial);
      if (coefficients !== trial.coefficients) kept.push({ index: trial.index, coefficients });
      const known = knownEvaluations(store, request.contexts, candidateId(coefficients), promptIds, request.seeds);
      const missing = indicesOf(known, (k) => k === undefined || (request.retryFailed && k.status === 'failed'));
      if (missing.length > 0) {
        open.push({ index: trial.index, coefficients, missing: missing.length === known.length ? null : missing });
      }
      scores.push(missing.length > 0 ? null : complete(store, request, trial.index, known).score);
    }
    return { open, scores, kept };
  });
}

/**
 * Stores the evaluations of scored trials and returns the score of each trial that is complete.
 */
export function recordTrials(store: Store, request: RecordRequest): TrialScore[] {
  const promptIds = splitPrompts(store, request.searchId, request.split);
  return store.transaction(() =>
    request.trials.map((trial) => {
      const candidate = candidateId(trial.coefficients);
      const written = writeEvaluations(store, request, trial, candidate, promptIds);
      const known = written ?? knownEvaluations(store, request.contexts, candidate, promptIds, request.seeds);
      if (known.some((k) => k === undefined)) {
        return { index: trial.index, complete: false, score: null, tc: null, iq: null };
      }
      return complete(store, request, trial.index, known);
    }),
  );
}

/**
 * Writes what was scored of one trial.
 *
 * @returns the evaluations, where they are all of this trial's and none was stored before: reading them again would give the same
 */
function writeEvaluations(
  store: Store,
  { searchId, contexts, seeds }: RecordRequest,
  trial: ScoredTrial,
  candidate: string,
  promptIds: readonly string[],
): Known[] | null {
  const { addEvaluation } = statements(store);
  const scorers = trial.scorers.filter(({ scorer }) => contexts[scorer] !== undefined);
  let whole =
    scorers.length === Object.keys(contexts).length &&
    trial.evaluations.length === promptIds.length * seeds.length &&
    trial.evaluations.every((evaluation, at) => evaluation === at);
  const terms = trial.evaluations.map((): Record<string, Record<string, number>> => ({}));
  for (const { scorer, names, values } of scorers) {
    const contextId = contexts[scorer]!;
    const numbers = decodeFloats(values);
    const failed = new Map(
      trial.failed.filter((failure) => (failure.scorer ?? scorer) === scorer).map(({ at, reason }) => [at, reason]),
    );
    trial.evaluations.forEach((evaluation, at) => {
      const promptId = promptIds[Math.floor(evaluation / seeds.length)]!;
      const seed = seeds[evaluation % seeds.length]!;
      const row: Record<string, number> = {};
      let finite = true;
      names.forEach((name, k) => {
        const value = numbers[at * names.length + k]!;
        finite &&= Number.isFinite(value);
        row[name] = value;
      });
      const reason = failed.get(at) ?? (finite ? null : 'a term is not finite');
      const { changes } = addEvaluation.run({
        key: evaluationKey(contextId, candidate, promptId, seed),
        contextId,
        candidateId: candidate,
        promptId,
        seed,
        status: reason === null ? 'ok' : 'failed',
        reason,
        terms: reason === null ? JSON.stringify(row) : null,
        searchId,
      });
      whole &&= changes === 1 && reason === null;
      terms[at]![scorer] = row;
    });
  }
  return whole ? terms.map((one) => ({ status: 'ok', terms: one })) : null;
}

/** @returns the coefficients that stand: those asked for, or the stored ones that are the same but for rounding */
function persist(
  store: Store,
  { searchId, stage }: BatchReference,
  { index, point, coefficients }: AskedTrial,
): Coefficients {
  const { addCandidate, putTrial, coefficientsOf } = statements(store);
  const id = candidateId(coefficients);
  const number = index;
  const row = coefficientsOf.get({ searchId, stage, number });
  const stored =
    row === undefined
      ? undefined
      : { sample: JSON.parse(row.sample) as number[], noise: JSON.parse(row.noise) as number[] };
  if (stored !== undefined && candidateId(stored) !== id && isRounding(stored, coefficients)) return stored;
  addCandidate.run({ id, sample: JSON.stringify(coefficients.sample), noise: JSON.stringify(coefficients.noise) });
  putTrial.run({ searchId, stage, number, candidateId: id, point: JSON.stringify(point) });
  return coefficients;
}

const isRounding = (one: Coefficients, other: Coefficients): boolean =>
  (['sample', 'noise'] as const).every(
    (kind) =>
      one[kind].length === other[kind].length &&
      one[kind].every((value, i) => Math.abs(value - other[kind][i]!) <= ROUNDING),
  );

function complete(store: Store, request: BatchReference, index: number, known: readonly Known[]): TrialScore {
  const objective = createObjective(request.objective);
  const rows = known.flatMap((k) => (k?.status === 'ok' ? [k.terms] : []));
  const ok = rows.length === known.length && rows.length > 0;
  const { tc, iq } = ok ? objective.terms(rows) : { tc: null, iq: null };
  const score = ok ? objective.score(rows) : null;
  statements(store).completeTrial.run({
    searchId: request.searchId,
    stage: request.stage,
    number: index,
    status: ok ? 'ok' : 'failed',
    score,
    tc,
    iq,
  });
  return { index, complete: true, score, tc, iq };
}

function indicesOf<T>(list: readonly T[], wanted: (value: T) => boolean): number[] {
  return list.flatMap((value, i) => (wanted(value) ? [i] : []));
}
