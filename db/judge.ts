/**
 * The verdict: the finalist against the baseline on held-out prompts, paired by prompt and seed, in the objective and
 * in the scorers outside it; beside the full-precision network, split into repair and tuning.
 */
import { constrainedVerdict, heldConstraint } from '../metrics/statistics/constrained-verdict.js';
import { pairedGain } from '../metrics/statistics/paired-gain.js';
import { splitGain } from '../metrics/statistics/repair.js';
import { verdict } from '../metrics/statistics/verdict.js';
import { QschedError } from '../contract/errors.js';
import type { JudgeRequest } from '../contract/payloads.js';
import type { LinearComparison, RepairSplit, Verdict } from '../contract/search-result.js';
import { calibrationGainOf } from './confirmable.js';
import { failureReasons } from './failures.js';
import type { Store } from './open-store.js';
import { confirmedCandidate, pairedNetworks, pairedScores, scoresOverLinear } from './paired-scores.js';

/**
 * Intervals in every scorer, the recommendation, and the finalist's gain on the calibration images. Prompts with a
 * failed image are left out, and the calibrated coefficients are then not recommended. It only reads: a read-only
 * handle of the database will do, in any thread.
 *
 * @throws QschedError (failure) if fewer than two prompts are left
 */
export function judge(store: Store, request: JudgeRequest): Verdict {
  const { searchId, constraints = [], unmet = null } = request;
  const asked = constraints.map(({ name, plan }) => ({ scorer: name, plan }));
  const objectives = [...request.objectives, ...asked];
  const { prompts, whole, scorers: paired } = pairedScores(store, { ...request, objectives });
  if (whole.length < 2) {
    const reasons = failureReasons(store, searchId);
    const why = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
    throw new QschedError(
      'failure',
      `Only ${whole.length} of ${prompts} held-out prompts could be scored${why}.`,
      'Fix the model or the scorer, then retry the failures: npx qsched resume --retry-failed',
      true,
    );
  }
  const gains = paired.map(({ scorer, baseline, finalist }) => pairedGain(scorer, baseline, finalist).gain);
  const scorers = gains.slice(0, request.objectives.length);
  const held = constraints.map((one, i) => heldConstraint({ ...gains[scorers.length + i]!, ...one }));
  const calibrationGain = calibrationGainOf(store, searchId, confirmedCandidate(store, searchId, 1));
  const { recommend, reason } = constrainedVerdict(verdict(scorers), held, unmet);
  const beside = { split: splitOf(store, request), overLinear: overLinear(store, request) };
  const found = { scorers, calibrationGain, ...beside, ...(held.length === 0 ? {} : { constraints: held }) };
  const lost = prompts - whole.length;
  if (lost === 0) return { recommend, reason, ...found };
  return {
    recommend: recommend === 'calibrated' ? 'identity' : recommend,
    reason: `Images of ${lost} of ${prompts} held-out prompts failed. ${reason}`,
    ...found,
  };
}

/** Null without a full-precision network, or if fewer than two prompts have every image on both networks. */
function splitOf(store: Store, request: JudgeRequest): readonly RepairSplit[] | null {
  const { full = null } = request;
  if (full === null) return null;
  const { whole, scorers } = pairedNetworks(store, request, full);
  if (whole.length < 2) return null;
  return scorers.map(({ scorer, quantised, full }) => splitGain(scorer, quantised, full));
}

/** Null if no linear finalist was confirmed. Where images failed, the simpler coefficients stay. */
function overLinear(store: Store, request: JudgeRequest): LinearComparison | null {
  const { linear = null } = request;
  if (linear === null) return null;
  const { prompts, whole, scorers: paired } = scoresOverLinear(store, request);
  const scorers =
    whole.length < 2 ? [] : paired.map(({ scorer, baseline, finalist }) => pairedGain(scorer, baseline, finalist).gain);
  const better = whole.length === prompts && verdict(scorers).recommend === 'calibrated';
  return { ...linear, recommend: better ? 'per-step' : 'linear', scorers };
}
