/** With how many prompts a gate, or one of its scores, would probably be decided if its means stayed what they are. */
import { sharedLevel, type GateOptions } from './gate-plan.js';
import type { MeasuredScore } from './measured-scores.js';
import { neededPrompts, type Target } from './needed-prompts.js';
import { upperQuantile } from './normal.js';

/** Until all scores are above their floors, or one of them is below: whichever its mean points to. */
export function promptsToDecide(measured: readonly MeasuredScore[], options: Required<GateOptions>): number | null {
  const { power } = options;
  const level = sharedLevel(options);
  const worse = measured.filter(({ mean }) => mean < 0);
  const all = measured.map((score) => above(score, level));
  if (worse.length === 0) return neededPrompts(all, power);
  const each = worse.map((score) => neededPrompts([below(score, level / measured.length)], power));
  const known = each.filter((prompts) => prompts !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Until this score alone is above its floor, or below it after Bonferroni's correction for all scores. */
export function promptsOfScore(score: MeasuredScore, scores: number, options: Required<GateOptions>): number | null {
  const level = sharedLevel(options);
  return neededPrompts([score.mean < 0 ? below(score, level / scores) : above(score, level)], options.power);
}

function above({ mean, sd, ratios, critical }: MeasuredScore, level: number): Target {
  const z = upperQuantile(level);
  return { gap: mean, sd, ratios, critical: (prompts) => critical.lower(z, prompts) };
}

function below({ mean, sd, ratios, critical }: MeasuredScore, level: number): Target {
  const z = upperQuantile(level);
  return { gap: -mean, sd, ratios: ratios.map((ratio) => -ratio), critical: (prompts) => critical.upper(z, prompts) };
}
