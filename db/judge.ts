/**
 * The verdict: finalist against identity on prompts that the search never saw,
 * paired by prompt and seed, in the objective and in scorers outside it.
 */
import { and, eq } from 'drizzle-orm';
import { createObjective, type Objective } from '../metrics/objectives/jaq.js';
import { pairedGain } from '../metrics/statistics/paired-gain.js';
import { verdict } from '../metrics/statistics/verdict.js';
import { QschedError } from '../contract/errors.js';
import type { JudgeRequest } from '../contract/payloads.js';
import type { Verdict } from '../contract/search-result.js';
import { calibrationGainOf } from './confirmable.js';
import { knownEvaluations, splitPrompts, type Known } from './evaluations.js';
import { failureReasons } from './failures.js';
import type { Store } from './open-store.js';
import { trials } from './schema.js';

/**
 * Intervals in every scorer, what they recommend, and the finalist's gain on the calibration images. Prompts with a
 * image that failed are left out, and the calibrated coefficients are then not recommended.
 *
 * @throws QschedError (failure) where fewer than two prompts are left
 */
export function judge(store: Store, request: JudgeRequest): Verdict {
  const { searchId, seeds } = request;
  const promptIds = splitPrompts(store, searchId, 'confirm');
  const finalist = confirmedCandidate(store, searchId, 1);
  const known = [confirmedCandidate(store, searchId, 0), finalist].map((candidate) =>
    knownEvaluations(store, request.contexts, candidate, promptIds, seeds),
  );
  const at = (p: number): number[] => seeds.map((_, s) => p * seeds.length + s);
  const whole = promptIds
    .map((_, p) => p)
    .filter((p) => at(p).every((i) => known.every((list) => list[i]?.status === 'ok')));
  if (whole.length < 2) {
    const reasons = failureReasons(store, request.searchId);
    const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
    throw new QschedError(
      'failure',
      `Only ${whole.length} of ${promptIds.length} held-out prompts could be scored${why}.`,
      'Fix the model or the scorer. To try failures again: npx qsched resume --retry-failed',
      true,
    );
  }
  const scorers = request.objectives.map(({ scorer, plan }) => {
    const objective = createObjective(plan);
    const [before, after] = known.map((list) => whole.map((p) => at(p).map((i) => scoreOf(list[i], objective))));
    return pairedGain(scorer, before!, after!).gain;
  });
  const calibrationGain = calibrationGainOf(store, searchId, finalist);
  const { recommend, reason } = verdict(scorers);
  const lost = promptIds.length - whole.length;
  if (lost === 0) return { recommend, reason, scorers, calibrationGain };
  return {
    recommend: recommend === 'calibrated' ? 'identity' : recommend,
    reason: `${lost} of ${promptIds.length} held-out prompts have images that failed. ${reason}`,
    scorers,
    calibrationGain,
  };
}

/** Candidate of a trial of the confirmation: 0 is the identity, 1 the finalist. */
function confirmedCandidate(store: Store, searchId: string, number: number): string {
  const wanted = and(eq(trials.searchId, searchId), eq(trials.stage, 'confirm'), eq(trials.number, number));
  const row = store.select({ id: trials.candidateId }).from(trials).where(wanted).get();
  if (row) return row.id;
  throw new QschedError(
    'failure',
    `Trial ${number} of the confirmation is not in the database.`,
    'Run `npx qsched resume`.',
  );
}

function scoreOf(known: Known, objective: Objective): number {
  return known?.status === 'ok' ? objective.perImage(known.terms) : NaN;
}
