/**
 * Trials: persisted when they are asked, completed when their last evaluation is stored.
 * Every function is safe to repeat, since activities are retried.
 */
import { raceOrder } from '../metrics/racing/looks.js';
import { createObjective, scoreOfTerms } from '../metrics/objectives/jaq.js';
import type { Coefficients } from '../contract/coefficients.js';
import type {
  AskedTrial,
  AskRequest,
  AskResult,
  BatchReference,
  OpenTrial,
  RecordRequest,
  TrialScore,
} from '../contract/payloads.js';
import { completeness, knownEvaluations, splitPrompts, type Known } from './evaluations.js';
import { candidateId, evaluationKey } from './keys.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';
import { repairScores } from './repair-scores.js';
import { addWork, writeEvaluations, type Target } from './write-evaluations.js';

/** Coefficients that differ by no more count as equal: the last bits depend on the machine's math library. */
const ROUNDING = 1e-9;

const ADD_CANDIDATE = 'insert into candidates (id, sample, noise) values (@id, @sample, @noise) on conflict do nothing';

/** A trial with another candidate is replaced; one with the same candidate is left as it is. */
const PUT_TRIAL = `
  insert into trials (search_id, stage, number, candidate_id, point, status)
  values (@searchId, @stage, @number, @candidate, @point, 'asked')
  on conflict (search_id, stage, number) do update
  set candidate_id = excluded.candidate_id, point = excluded.point, status = 'asked', score = null, tc = null, iq = null,
      pairs = null
  where trials.candidate_id <> excluded.candidate_id`;

const DROP_WORK = 'delete from work where search_id = @searchId and stage = @stage and number = @number';

const COEFFICIENTS_OF = `
  select c.sample, c.noise from trials t join candidates c on c.id = t.candidate_id
  where t.search_id = @searchId and t.stage = @stage and t.number = @number`;

const COMPLETE_TRIAL = `
  update trials set status = @status, score = @score, tc = @tc, iq = @iq, pairs = null,
                    updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  where search_id = @searchId and stage = @stage and number = @number`;

const REOPEN_TRIAL = `
  update trials set status = 'asked', score = null, tc = null, iq = null
  where search_id = @searchId and stage = @stage and number = @number`;

const DROP_FAILURE = "delete from evaluations where key = @key and status = 'failed'";

/**
 * Persists the asked trials and returns which evaluations are missing. A trial that is stored already keeps its
 * coefficients if the asked ones differ only by rounding; `kept` lists it. Otherwise it is replaced: after a failed
 * evaluation was retried successfully, the optimizer asks for other candidates. With `retryFailed`, failed evaluations
 * are deleted, and so count as missing.
 */
export function askTrials(store: Store, request: AskRequest): AskResult {
  const { contexts, seeds, upTo } = request;
  const promptIds = splitPrompts(store, request.searchId, request.split);
  const complete = completing(store, request);
  const pairs = promptIds.length * seeds.length;
  const partial = upTo !== undefined && upTo < pairs;
  const wanted = partial ? new Set(raceOrder(promptIds.length, seeds.length).slice(0, upTo)) : null;
  return store.transaction(() => {
    const open: OpenTrial[] = [];
    const scores: (number | null)[] = [];
    const kept: AskResult['kept'][number][] = [];
    for (const trial of request.trials) {
      const { index } = trial;
      const coefficients = persist(store, request, trial);
      if (coefficients !== trial.coefficients) kept.push({ index, coefficients });
      const candidate = candidateId(coefficients);
      const known = knownEvaluations(store, contexts, candidate, promptIds, seeds);
      if (request.retryFailed) forgetFailures(store, request, index, { candidate, promptIds }, known);
      const missing = known.flatMap((one, i) => (one === undefined && wanted?.has(i) !== false ? [i] : []));
      if (missing.length > 0) {
        open.push({ index, coefficients, missing: missing.length === known.length ? null : missing });
      }
      scores.push(missing.length > 0 || wanted !== null ? null : complete(index, candidate, known).score);
    }
    return { open, scores, kept };
  });
}

/**
 * Stores the evaluations of scored trials, whole trials or pieces of them, and returns the score of each trial that is
 * complete. Terms that are stored already are read only when a trial becomes complete.
 */
export function recordTrials(store: Store, request: RecordRequest): TrialScore[] {
  const { searchId, split, contexts, seeds } = request;
  const at = new Date().toISOString();
  const promptIds = splitPrompts(store, searchId, split);
  const complete = completing(store, request);
  const isComplete = completeness(store, request, promptIds);
  return store.transaction(() =>
    request.trials.map((trial) => {
      const { index, evaluations } = trial;
      const candidate = candidateId(trial.coefficients);
      const { changed, terms } = writeEvaluations(store, request, trial, { candidate, promptIds });
      if (changed) addWork(store, request, trial, at);
      if (request.racing) return { index, complete: false, score: null, tc: null, iq: null };
      const whole = evaluations.length === promptIds.length * seeds.length && evaluations.every((one, i) => one === i);
      if (whole && terms !== null) return complete(index, candidate, terms);
      return isComplete(candidate)
        ? complete(index, candidate, knownEvaluations(store, contexts, candidate, promptIds, seeds))
        : { index, complete: false, score: null, tc: null, iq: null };
    }),
  );
}

/** @returns the coefficients to score: the asked ones, or the stored ones if they are equal up to rounding */
function persist(
  store: Store,
  { searchId, stage }: BatchReference,
  { index: number, point, coefficients }: AskedTrial,
): Coefficients {
  const trial = { searchId, stage, number };
  const id = candidateId(coefficients);
  const row = statement<object, { sample: string; noise: string }>(store, COEFFICIENTS_OF).get(trial);
  const [sample, noise] = [JSON.stringify(coefficients.sample), JSON.stringify(coefficients.noise)];
  if (row !== undefined && (row.sample !== sample || row.noise !== noise)) {
    const stored = { sample: JSON.parse(row.sample) as number[], noise: JSON.parse(row.noise) as number[] };
    if (isRounding(stored, coefficients)) return stored;
    statement<object>(store, DROP_WORK).run(trial);
  }
  statement<object>(store, ADD_CANDIDATE).run({ id, sample, noise });
  statement<object>(store, PUT_TRIAL).run({ ...trial, candidate: id, point: JSON.stringify(point) });
  return coefficients;
}

const isRounding = (one: Coefficients, other: Coefficients): boolean =>
  (['sample', 'noise'] as const).every(
    (kind) =>
      one[kind].length === other[kind].length &&
      one[kind].every((value, i) => Math.abs(value - other[kind][i]!) <= ROUNDING),
  );

/** Deletes the failed evaluations of a trial, which are to be made again, from the database and from `known`. */
function forgetFailures(
  store: Store,
  { searchId, stage, contexts, seeds }: BatchReference,
  number: number,
  { candidate, promptIds }: Target,
  known: Known[],
): void {
  known.forEach((one, i) => {
    if (one?.status !== 'failed') return;
    for (const contextId of Object.values(contexts)) {
      const promptId = promptIds[Math.floor(i / seeds.length)]!;
      const key = evaluationKey(contextId, candidate, promptId, seeds[i % seeds.length]!);
      statement<object>(store, DROP_FAILURE).run({ key });
    }
    known[i] = undefined;
    statement<object>(store, REOPEN_TRIAL).run({ searchId, stage, number });
  });
}

/**
 * Completes trials of a batch: computes and stores the score, null if an evaluation failed. Those of the full-precision
 * network complete no trial: their scores are read beside the quantised network's.
 */
function completing(store: Store, reference: BatchReference) {
  const { searchId, stage, objective: plan, repair } = reference;
  const objective = createObjective(plan);
  const repaired = repair?.network === 'quantised' ? repairScores(store, reference, repair.full) : null;
  return (index: number, candidate: string, known: readonly Known[]): TrialScore => {
    if (repair?.network === 'full') return { index, complete: true, score: null, tc: null, iq: null };
    const rows = known.flatMap((one) => (one?.status === 'ok' ? [one.terms] : []));
    const terms = rows.length === known.length && rows.length > 0 ? objective.terms(rows) : null;
    const own = terms === null ? null : scoreOfTerms(plan, terms);
    const score = own === null || repaired === null ? own : repaired(candidate, own);
    const ok = score !== null;
    const { tc, iq } = ok ? terms! : { tc: null, iq: null };
    const trial = { searchId, stage, number: index };
    statement<object>(store, COMPLETE_TRIAL).run({ ...trial, status: ok ? 'ok' : 'failed', score, tc, iq });
    return { index, complete: true, score, tc, iq };
  };
}
