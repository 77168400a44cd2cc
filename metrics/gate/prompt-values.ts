/**
 * A score as one value per prompt, whose mean is what the gate is about, and whose spread is that of its estimate.
 *
 * A margin that is measured has an uncertainty of its own. With D_p the mean difference of a prompt, and s^2 the variance of
 * the reference from seed to seed, pooled over the prompts, s^2 = sum SS_p / sum f_p with SS_p the sum of squares within a
 * prompt and f_p its degrees of freedom, the candidate is above its margin if theta = mean(D) + m s is above 0. To first
 * order the estimate of theta is the mean of
 *
 *   L_p = D_p + m s + m / (2 s) * n / sum f * (SS_p - s^2 f_p)
 *
 * (delta method; the last part sums to 0 over the prompts), so that everything that holds of a mean of prompts holds of it,
 * also where noisy prompts have large differences.
 */
import { QschedError } from '../../contract/errors.js';
import { mean } from '../statistics/statistics.js';
import type { GateSamples, PointwiseSamples, Scores } from './gate-samples.js';

const { sqrt } = Math;

export interface PromptValues {
  /** L_p, or the prompt's mean minus the floor: the candidate is good enough if their mean is above 0. */
  readonly values: Float64Array;
  readonly mean: number;
  readonly sd: number;
  /** Mean difference, or mean of the pairs. */
  readonly estimate: number;
  readonly floor: number;
  readonly spread: number | null;
  /** The mean of `values` at which the gate is to have its power. */
  readonly design: number;
}

/** In standard deviations of the prompts: how far above its floor a pairwise score is planned for. */
const PAIRWISE_DESIGN = 0.5;

/**
 * @throws QschedError (usage) for a margin that is not above 0, or a design that is not above the floor; (failure) for prompts or
 *   seeds that do not fit together, a score that is not finite, or a reference without a second seed or without any spread
 */
export function promptValues(samples: GateSamples): PromptValues {
  if (samples.kind === 'pointwise') return pointwise(samples);
  const { name, values, floor, design } = samples;
  checkFinite(name, values);
  const means = Float64Array.from(values, (row) => mean(row));
  const estimate = mean(means);
  const above = means.map((value) => value - floor);
  const sd = spreadOf(above);
  if (design !== undefined && !(design > floor)) {
    throw new QschedError(
      'usage',
      `${name}: the design point ${design} is not above the floor ${floor}.`,
      'Leave it out, or give one on the good side of the margin.',
    );
  }
  const planned = design === undefined ? PAIRWISE_DESIGN * sd : design - floor;
  return { values: above, mean: estimate - floor, sd, estimate, floor, spread: null, design: planned };
}

function pointwise({ name, reference, candidate, margin }: PointwiseSamples): PromptValues {
  const amount = 'spread' in margin ? margin.spread : margin.absolute;
  if (!(amount > 0 && amount < Infinity)) {
    throw new QschedError('usage', `${name}: the margin is ${amount}; it must be above 0.`, 'Use 0.1.');
  }
  checkFinite(name, reference);
  checkFinite(name, candidate);
  if (reference.length !== candidate.length) {
    throw new QschedError(
      'failure',
      `${name}: ${reference.length} prompts of the reference, ${candidate.length} of the candidate.`,
    );
  }
  const differences = Float64Array.from(candidate, (row, p) => {
    const of = reference[p]!;
    if (of.length < row.length) {
      throw new QschedError(
        'failure',
        `${name}: prompt ${p + 1} has fewer images of the reference than of the candidate.`,
      );
    }
    return mean(row.map((value, s) => value - of[s]!));
  });
  const estimate = mean(differences);
  const { absolute, shifts, spread } =
    'spread' in margin ? measured(name, reference, margin.spread) : { absolute: amount, shifts: null, spread: null };
  const values = differences.map((value, p) => value + absolute + (shifts?.[p] ?? 0));
  return {
    values,
    mean: estimate + absolute,
    sd: spreadOf(values),
    estimate,
    floor: -absolute,
    spread,
    design: absolute,
  };
}

/** A margin in units of the reference's spread, and how each prompt moves it. */
function measured(name: string, reference: Scores, units: number) {
  const squares = reference.map((row) => {
    const centre = mean(row);
    return row.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  });
  const free = reference.map((row) => row.length - 1);
  const total = free.reduce((sum, f) => sum + f, 0);
  const variance = squares.reduce((sum, ss) => sum + ss, 0) / total;
  if (!(variance > 0)) {
    throw new QschedError(
      'failure',
      total > 0
        ? `${name}: the reference scores the same with every seed, so that its spread gives no margin.`
        : `${name}: the reference has one image per prompt, so that it has no spread from seed to seed.`,
      'Give an absolute margin, or a second seed of the reference.',
    );
  }
  const spread = sqrt(variance);
  const weight = ((units / (2 * spread)) * reference.length) / total;
  return { absolute: units * spread, spread, shifts: squares.map((ss, p) => weight * (ss - variance * free[p]!)) };
}

function checkFinite(name: string, scores: Scores): void {
  scores.forEach((row, p) => {
    if (row.length === 0) throw new QschedError('failure', `${name}: prompt ${p + 1} has no scores.`);
    const wrong = row.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) {
      throw new QschedError('failure', `${name}: a score of prompt ${p + 1} is ${wrong}, not a finite number.`);
    }
  });
}

/** Exactly 0 where all values are equal. */
function spreadOf(values: Float64Array): number {
  if (values.every((value) => value === values[0])) return 0;
  const centre = mean(values);
  return sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}
