/**
 * Writing what a worker scored: terms, failures, images, and the work it took.
 */
import { decodeFloats } from '../contract/float-text.js';
import type { BatchReference, RecordRequest, ScoredTrial } from '../contract/payloads.js';
import type { Known } from './evaluations.js';
import { evaluationKey } from './keys.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

/** A failed row gives way to a number; an ok row never changes. */
const ADD_EVALUATION = `
  insert into evaluations (key, context_id, candidate_id, prompt_id, seed, status, reason, terms, search_id, image)
  values (@key, @contextId, @candidate, @promptId, @seed, @status, @reason, @terms, @searchId, @image)
  on conflict (key) do update
  set status = 'ok', reason = null, terms = excluded.terms, search_id = excluded.search_id, image = excluded.image
  where evaluations.status = 'failed' and excluded.status = 'ok'`;

/** An evaluation that another search made without keeping its image. */
const ADD_IMAGE = 'update evaluations set image = @image where key = @key and image is null';

const ADD_WORK = `
  insert into work (search_id, stage, number, worker, seconds, runtime_seconds, denoiser_rows, padded_rows, evaluations,
                    recorded_at)
  values (@searchId, @stage, @number, @worker, @seconds, @runtimeSeconds, @denoiserRows, @paddedRows, @evaluations, @at)`;

/** Where the evaluations of a trial belong. */
export interface Target {
  readonly candidate: string;
  /** Prompt ids of the split, in order. */
  readonly promptIds: readonly string[];
}

/** What was written. */
export interface Written {
  /** Whether anything was: false if all of it was stored before. */
  readonly changed: boolean;
  /** Terms in the order of the trial's evaluations; null if one failed or was stored before. */
  readonly terms: Known[] | null;
}

/** Writes what was scored of one trial: some of its evaluations, or all of them. Safe to repeat. */
export function writeEvaluations(
  store: Store,
  { searchId, contexts, seeds, names: namesOf }: RecordRequest,
  trial: ScoredTrial,
  { candidate, promptIds }: Target,
): Written {
  const add = statement<object>(store, ADD_EVALUATION);
  const scorers = trial.scorers.filter(({ scorer }) => contexts[scorer] !== undefined);
  const terms = trial.evaluations.map((): Record<string, Record<string, number>> => ({}));
  let changed = false;
  let fresh = scorers.length === Object.keys(contexts).length;
  for (const { scorer, values } of scorers) {
    const names = namesOf[scorer]!;
    const contextId = contexts[scorer]!;
    const numbers = decodeFloats(values);
    const failed = new Map(
      trial.failed.filter((failure) => (failure.scorer ?? scorer) === scorer).map(({ at, reason }) => [at, reason]),
    );
    trial.evaluations.forEach((evaluation, at) => {
      const promptId = promptIds[Math.floor(evaluation / seeds.length)]!;
      const seed = seeds[evaluation % seeds.length]!;
      const key = evaluationKey(contextId, candidate, promptId, seed);
      const row: Record<string, number> = {};
      let finite = true;
      names.forEach((name, k) => {
        const value = numbers[at * names.length + k]!;
        finite &&= Number.isFinite(value);
        row[name] = value;
      });
      const reason = failed.get(at) ?? (finite ? null : 'a term is not finite');
      const ok = reason === null;
      const image = trial.images?.[at] ?? null;
      const about = { contextId, candidate, promptId, seed, searchId };
      const result = { status: ok ? 'ok' : 'failed', reason, terms: ok ? JSON.stringify(row) : null };
      const added = add.run({ key, ...about, ...result, image }).changes > 0;
      if (!added && image !== null) statement(store, ADD_IMAGE).run({ key, image });
      changed ||= added;
      fresh &&= added && ok;
      terms[at]![scorer] = row;
    });
  }
  return { changed, terms: fresh ? terms.map((one) => ({ status: 'ok', terms: one })) : null };
}

/** Stores what a worker spent on its piece of a trial. @param at time of recording, the same for the whole piece */
export function addWork(store: Store, { searchId, stage }: BatchReference, trial: ScoredTrial, at: string): void {
  if (trial.work === undefined) return;
  const { index: number, evaluations } = trial;
  const about = { searchId, stage, number, evaluations: evaluations.length, at };
  statement<object>(store, ADD_WORK).run({ ...about, ...trial.work });
}
