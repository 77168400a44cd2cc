/**
 * The verdict: finalist against identity on prompts that the search never saw,
 * paired by prompt and seed, in the objective and in scorers outside it.
 */
import { and, eq } from 'drizzle-orm';
import { pairedBootstrap } from '../metrics/statistics/bootstrap.js';
import { createObjective, type Objective } from '../metrics/objectives/jaq.js';
import { verdict } from '../metrics/statistics/verdict.js';
import { QschedError } from '../spec/errors.js';
import type { GainInterval, JudgeRequest, Verdict } from '../spec/payloads.js';
import { knownEvaluations, splitPrompts, type Known } from './evaluations.js';
import type { Store } from './open-store.js';
import { trials } from './schema.js';

const RESAMPLES = 10_000;

/**
 * Intervals in every scorer, and what they recommend. Prompts with a picture that failed are
 * left out, and the calibrated coefficients are then not recommended.
 *
 * @throws QschedError (failure) where fewer than two prompts are left
 */
export function judge(store: Store, request: JudgeRequest): Verdict {
  const promptIds = splitPrompts(store, request.searchId, 'confirm');
  const { seeds } = request;
  const candidateOf = (number: number): string => {
    const row = store.select({ id: trials.candidateId }).from(trials).where(and(eq(trials.searchId, request.searchId), eq(trials.stage, 'confirm'), eq(trials.number, number))).get();
    if (!row) throw new QschedError('failure', `Trial ${number} of the confirmation is not in the database.`, 'Run `npx qsched resume`.');
    return row.id;
  };
  const known = [0, 1].map((number) => knownEvaluations(store, request.contexts, candidateOf(number), promptIds, seeds));
  const whole = promptIds.map((_, p) => p).filter((p) => seeds.every((__, s) => known.every((list) => list[p * seeds.length + s]?.status === 'ok')));
  const lost = promptIds.length - whole.length;
  if (whole.length < 2) throw new QschedError('failure', `Only ${whole.length} of ${promptIds.length} held-out prompts could be scored.`, 'Look at `select reason from evaluations where status = \'failed\'`; then `npx qsched resume --retry-failed`.', true);
  const scorers = request.objectives.map(({ scorer, plan }): GainInterval => {
    const objective = createObjective(plan);
    const [before, after] = known.map((list) => whole.map((p) => seeds.map((_, s) => scoreOf(list[p * seeds.length + s], objective))));
    const clusters = after!.map((values, p) => values.map((value, s) => value - before![p]![s]!));
    const { mean, percentile, studentised, probabilityOfGain } = pairedBootstrap(clusters, { resamples: RESAMPLES, seed: 0 });
    return { scorer, prompts: whole.length, identity: average(before!.flat()), calibrated: average(after!.flat()), gain: mean, percentile, studentised, probabilityOfGain };
  });
  const { recommend, reason } = verdict(scorers);
  if (lost === 0) return { recommend, reason, scorers };
  return { recommend: recommend === 'calibrated' ? 'identity' : recommend, reason: `${lost} of ${promptIds.length} held-out prompts have pictures that failed. ${reason}`, scorers };
}

function scoreOf(known: Known, objective: Objective): number {
  return known?.status === 'ok' ? objective.perImage(known.terms) : NaN;
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
