/**
 * The number of prompts of a gate, from a pilot, which is its first look.
 *
 * It follows from the spread of the scores alone, never from their means: a candidate is planned for as if its true difference
 * were 0. So the pilot's prompts count for the verdict as well, and the number of prompts may be renewed at every look.
 */
import { criticalValues, type Look } from './boundaries.js';
import { settleOptions, sharedLevel, type GateOptions, type GatePlan } from './gate-plan.js';
import type { GateSamples } from './gate-samples.js';
import { measureScores, type MeasuredScore } from './measured-scores.js';
import { neededPrompts, powerAt, type Target } from './needed-prompts.js';
import { createResamples, type Resamples } from './resamples.js';

const { ceil, max, min } = Math;

/** Looks after the pilot where the last one alone tests. */
const UNTESTED = 3;
/** A look that adds less than this share of prompts is left out. */
const WORTH = 0.1;

/**
 * @param pilot all scores on the prompts of the first look
 * @throws QschedError as `settleOptions` and `measureScores` do
 */
export function planGate(
  pilot: readonly GateSamples[],
  options: GateOptions,
  resamples: Resamples = createResamples(settleOptions(options).resamples, settleOptions(options).seed),
): GatePlan {
  return planFrom(measureScores(pilot, resamples), [], 0, settleOptions(options));
}

/**
 * @param measured all scores on the prompts that there are
 * @param taken looks that were judged, the one at these prompts included; none at the pilot, whose look comes first
 * @param before prompts of the last plan: a new one has no fewer
 */
export function planFrom(
  measured: readonly MeasuredScore[],
  taken: readonly Look[],
  before: number,
  options: Required<GateOptions>,
): GatePlan {
  const reached = measured[0]!.values.length;
  const shares = laterShares(options.looks);
  const z = lastCritical(options);
  const targets = measured.map(({ design, sd, ratios, critical }): Target => ({
    gap: design,
    sd,
    ratios,
    critical: (prompts) => critical.lower(z, prompts),
  }));
  const wanted = neededPrompts(targets, options.power);
  const prompts = max(reached, min(options.most, max(before, wanted ?? options.most)));
  const past = taken.length > 0 ? taken.map((look) => look.prompts) : [reached];
  const later = shares.map((share) => ceil(share * prompts)).filter((look) => look > reached * (1 + WORTH));
  if (prompts > reached && later.at(-1) !== prompts) later.push(prompts);
  return { options, prompts, looks: [...past, ...later], taken, power: powerAt(targets, prompts), wanted };
}

/**
 * The shares of the prompts at which there are looks after the pilot: from a half on, evenly. Where only the last one tests, the
 * others still renew the number of prompts.
 */
function laterShares(looks: number): number[] {
  const later = looks === 1 ? UNTESTED : max(1, looks - 1);
  return Array.from({ length: later }, (_, i) => (later === 1 ? 1 : 0.5 + (0.5 * i) / (later - 1)));
}

/** The critical value of the last look, with the looks where they are planned; that at the pilot uses up next to nothing. */
function lastCritical(options: Required<GateOptions>): number {
  const { looks } = options;
  const shares = laterShares(looks);
  const planned = shares.map((share) => ({ prompts: share, fraction: looks > 1 || share === 1 ? share : 0 }));
  return criticalValues(planned, sharedLevel(options)).at(-1)!;
}
