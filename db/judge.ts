/**
 * The verdict: finalist against identity on prompts that the search never saw,
 * paired by prompt and seed, in the objective and in scorers outside it.
 */
import { and, eq } from 'drizzle-orm';
import { pairedBootstrap } from '../metrics/bootstrap.js';
import { createObjective } from '../metrics/jaq.js';
import { verdict } from '../metrics/verdict.js';
import { QschedError } from '../spec/errors.js';
import type { GainInterval, JudgeRequest, Verdict } from '../spec/payloads.js';
import { knownEvaluations, splitPrompts } from './evaluations.js';
import type { Store } from './open-store.js';
import { trials } from './schema.js';

const RESAMPLES = 10_000;

/** Intervals in every scorer, and what they recommend. */
export function judge(store: Store, request: JudgeRequest): Verdict {
  const promptIds = splitPrompts(store, request.searchId, 'confirm');
  const objective = createObjective(request.objective);
  const candidateOf = (number: number): string => {
    const row = store.select({ id: trials.candidateId }).from(trials).where(and(eq(trials.searchId, request.searchId), eq(trials.stage, 'confirm'), eq(trials.number, number))).get();
    if (!row) throw new QschedError('failure', `Trial ${number} of the confirmation is not in the database.`, 'Run `npx qsched resume`.');
    return row.id;
  };
  const [identity, finalist] = [candidateOf(0), candidateOf(1)];
  const scorers: GainInterval[] = [];
  for (const [scorer, context] of Object.entries(request.contexts)) {
    const perImage = (candidate: string): number[] =>
      knownEvaluations(store, { [scorer]: context }, candidate, promptIds, request.seeds).map((known) => {
        if (known?.status !== 'ok') throw new QschedError('failure', `A held-out evaluation failed: ${known?.reason ?? 'missing'}.`, 'Run `npx qsched resume --retry-failed`.');
        return objective.perImage(known.terms[scorer]!);
      });
    const [before, after] = [perImage(identity), perImage(finalist)];
    const clusters = promptIds.map((_, p) => request.seeds.map((__, s) => after[p * request.seeds.length + s]! - before[p * request.seeds.length + s]!));
    const { mean, percentile, studentised, probabilityOfGain } = pairedBootstrap(clusters, { resamples: RESAMPLES, seed: 0 });
    scorers.push({ scorer, prompts: promptIds.length, identity: average(before), calibrated: average(after), gain: mean, percentile, studentised, probabilityOfGain });
  }
  scorers.sort((a, b) => Number(b.scorer === request.objective.scorer) - Number(a.scorer === request.objective.scorer));
  return { ...verdict(scorers), scorers };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
