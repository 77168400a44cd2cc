/**
 * The verdict of a gate at a look.
 *
 * Passed: the lower bound of every score is above its floor, each at the full level, for all of them must be (an
 * intersection-union test, Berger 1982). Failed: the upper bound of any score is below its floor, by Holm's procedure, for one of
 * many is enough. The levels of a look are those that error spending leaves it (boundaries.ts).
 */
import { criticalValues, type Look } from './boundaries.js';
import { QschedError } from '../../contract/errors.js';
import { sharedLevel, type GatePlan, type Judgement, type JudgedScore } from './gate-plan.js';
import type { GateSamples } from './gate-samples.js';
import { measureScores, type MeasuredScore } from './measured-scores.js';
import { planFrom } from './plan-gate.js';
import { promptsToDecide, promptsOfScore } from './prompts-to-decide.js';
import { createResamples, type Resamples } from './resamples.js';

const { sqrt } = Math;

/**
 * @param samples all scores on all prompts up to this look
 * @param look its number, from 0: the pilot
 * @param plan the pilot's, or the one of the judgement before
 * @throws QschedError (failure) for a look that is not the plan's next one; as `measureScores` does
 */
export function judgeLook(
  samples: readonly GateSamples[],
  look: number,
  plan: GatePlan,
  resamples: Resamples = createResamples(plan.options.resamples, plan.options.seed),
): Judgement {
  const { options } = plan;
  const measured = measureScores(samples, resamples);
  const prompts = measured[0]!.values.length;
  if (look !== plan.taken.length || look >= plan.looks.length || prompts <= (plan.taken.at(-1)?.prompts ?? 0)) {
    throw new QschedError('failure', `Look ${look} with ${prompts} prompts is not the next one of the plan.`);
  }
  const last = look === plan.looks.length - 1;
  const taken: Look[] = [...plan.taken, { prompts, fraction: fractionOf(prompts, last, plan) }];
  const critical = (of: number): number => criticalValues(taken, of).at(-1)!;

  const level = sharedLevel(options);
  const zPass = critical(level);
  const below = holmBelow(measured, (left) => (left === 1 ? zPass : critical(level / left)));
  const scores = measured.map((score, j): JudgedScore => {
    const low = boundOf(score, 'lower', zPass);
    const { is, z } = below[j]!;
    const state = is ? 'below' : low !== null && low > score.floor ? 'above' : 'open';
    return {
      name: score.samples.name,
      kind: score.samples.kind,
      estimate: score.estimate,
      low,
      high: boundOf(score, 'upper', z),
      floor: score.floor,
      spread: score.spread,
      state,
      prompts: last && state === 'open' ? promptsOfScore(score, measured.length, options) : null,
    };
  });
  const ends = scores.some(({ state }) => state === 'below')
    ? 'failed'
    : scores.every(({ state }) => state === 'above')
      ? 'passed'
      : null;
  const verdict = ends ?? (last ? 'undecided' : 'continue');
  return {
    verdict,
    prompts,
    scores,
    promptsToDecide: verdict === 'undecided' ? promptsToDecide(measured, options) : null,
    plan: verdict === 'continue' ? planFrom(measured, taken, plan.prompts, options) : { ...plan, taken },
  };
}

/** The share of the planned prompts; the last look has all of the level that is left, whatever it came to. */
function fractionOf(prompts: number, last: boolean, { options, prompts: planned }: GatePlan): number {
  if (last) return 1;
  return options.looks === 1 ? 0 : Math.min(1, prompts / planned);
}

/** Null where nothing is tested. */
function boundOf(score: MeasuredScore, side: 'lower' | 'upper', z: number): number | null {
  if (z === Infinity) return null;
  if (score.sd === 0) return score.estimate;
  const half = (score.critical[side](z) * score.sd) / sqrt(score.values.length);
  return side === 'lower' ? score.estimate - half : score.estimate + half;
}

/**
 * Holm's step-down procedure: a score is shown to be below its floor at the level divided by the number of scores, the
 * next at the level divided by one less, until none is.
 *
 * @param z critical value with so many scores left
 * @returns of every score whether it is below, and the critical value with which that was decided
 */
function holmBelow(measured: readonly MeasuredScore[], z: (left: number) => number): { is: boolean; z: number }[] {
  const found = measured.map(() => ({ is: false, z: Infinity }));
  for (let left = measured.length; left > 0; left -= 1) {
    const at = z(left);
    for (const one of found) if (!one.is) one.z = at;
    const next = measured.findIndex((score, j) => {
      const high = boundOf(score, 'upper', at);
      return !found[j]!.is && high !== null && high < score.floor;
    });
    if (next === -1) break;
    found[next]!.is = true;
  }
  return found;
}
