/**
 * PTQD for few-step samplers (He et al. 2023; Q-Sched, section 2 and appendix J): the error of a
 * quantised network, split into a part correlated with the output, a bias, and a rest,
 *
 *   q - e = gamma e + delta,   mu = mean(delta),   s2 = var(delta)
 *
 * with e the full-precision output and q the quantised one. The correction is (q - mu) / (1 + gamma).
 * What is left, (delta - mu) / (1 + gamma), enters the next sample with the weight b of the output,
 * so that a stochastic step needs less noise (Eq. 13, where b = r X):
 *
 *   n'^2 = max(0, n^2 - (b / (1 + gamma))^2 s2)
 *
 * Eqs. 5, 14 and 15 of the appendix have the opposite sign, by a slip in taking out a factor: they
 * would add noise where the network is already noisier. Eq. 13 is used. A deterministic step has
 * no noise to lower: only bias and correlation are corrected. b already holds c^eps and every other
 * factor of the step, so this form serves any scheduler with a fused schedule.
 *
 * The appendix's eta = sqrt(1 - alpha_s^2 / alpha_s'^2) is the noise weight n here, not the `eta`
 * of setTimesteps.
 */
import { QschedError } from '../contract/errors.js';
import { requireFused, type FusedSchedule, type FusedStep, type StepSchedule } from './fused.js';

const { max, sqrt } = Math;

/** `std`: std(q) / std(e) - 1 (Q-Sched, section 2). `regression`: sum((q - e) e) / sum(e^2) (PTQD). */
export type GammaMethod = 'std' | 'regression';

export interface PtqdFitOptions {
  /** Default `std`. */
  readonly gamma?: GammaMethod;
  /** One mean per step, or one per channel. Default `step`. */
  readonly bias?: 'step' | 'channel';
  /** Channels of one sample; needed for `channel`. */
  readonly channels?: number;
  /** Numbers of one sample; needed for `channel` if outputs contain a batch. By default all of it is one sample. */
  readonly sampleLength?: number;
}

/** The error model of one step. */
export interface PtqdStep {
  readonly method: GammaMethod;
  readonly gamma: number;
  /** One number, or one per channel. */
  readonly mu: number | readonly number[];
  /** s2: variance of delta about its mean (about each channel's mean, if there is one per channel). */
  readonly variance: number;
}

/**
 * Fits one step from outputs on the same inputs.
 *
 * @param reference e: full-precision outputs, flat, samples one after another, channel by channel
 * @param quantised q: as long as `reference`
 * @throws QschedError if lengths or channels do not fit (usage), or if the outputs are constant or not finite (failure)
 */
export function fitPtqd(reference: Float32Array, quantised: Float32Array, options: PtqdFitOptions = {}): PtqdStep {
  const { gamma: method = 'std', bias = 'step', channels = 1, sampleLength = reference.length } = options;
  const length = reference.length;
  if (length === 0 || quantised.length !== length) {
    throw new QschedError(
      'usage',
      `PTQD needs as many quantised outputs as full-precision ones: got ${quantised.length} and ${length}.`,
      'Pass outputs of both networks on the same inputs.',
    );
  }
  const groups = bias === 'channel' ? channels : 1;
  const plane = sampleLength / groups;
  if (!Number.isInteger(plane) || plane < 1 || length % sampleLength !== 0) {
    throw new QschedError(
      'usage',
      `${length} outputs do not divide into samples of ${sampleLength} numbers with ${groups} channels.`,
      'Change channels or sampleLength.',
    );
  }

  const gamma = method === 'std' ? std(quantised) / std(reference) - 1 : regression(reference, quantised);
  if (!Number.isFinite(gamma) || gamma <= -1) {
    throw new QschedError(
      'failure',
      `PTQD cannot be fitted: gamma is ${gamma}.`,
      'The outputs are constant, not finite, or unrelated; check the quantised network.',
    );
  }

  const delta = Float64Array.from(quantised, (q, i) => q - (1 + gamma) * reference[i]!);
  const groupOf = (i: number): number => Math.floor((i % sampleLength) / plane);
  const mu = new Float64Array(groups);
  const share = length / groups;
  delta.forEach((value, i) => {
    mu[groupOf(i)]! += value / share;
  });
  const variance = delta.reduce((sum, value, i) => sum + (value - mu[groupOf(i)]!) ** 2, 0) / length;
  return { method, gamma, mu: bias === 'channel' ? [...mu] : mu[0]!, variance };
}

/** Why PTQD refuses a scheduler that clips. */
export const PTQD_NEEDS = 'PTQD corrects fused steps';

/**
 * A schedule that corrects a quantised network's output step by step.
 *
 * @param fits one per step
 * @throws QschedError (usage) if a step clips, the numbers of steps differ, or the channels of offset and bias
 */
export function applyPtqd(schedule: StepSchedule, fits: readonly PtqdStep[]): FusedSchedule {
  const { steps, ...rest } = requireFused(schedule, PTQD_NEEDS);
  if (fits.length !== steps.length) {
    throw new QschedError(
      'usage',
      `PTQD was fitted for ${fits.length} steps, but the schedule has ${steps.length}.`,
      'Fit it again for this number of steps.',
    );
  }
  return { ...rest, steps: steps.map((step, i) => correct(step, fits[i]!)) };
}

function correct(step: FusedStep, { gamma, mu, variance }: PtqdStep): FusedStep {
  const b = step.b / (1 + gamma);
  return {
    ...step,
    b,
    d: plus(step.d, typeof mu === 'number' ? -b * mu : mu.map((value) => -b * value)),
    n: step.n === 0 ? 0 : sqrt(max(0, step.n ** 2 - b ** 2 * variance)),
  };
}

function plus(left: number | readonly number[], right: number | readonly number[]): number | number[] {
  if (typeof left === 'number') return typeof right === 'number' ? left + right : right.map((value) => left + value);
  if (typeof right === 'number') return left.map((value) => value + right);
  if (left.length !== right.length) {
    throw new QschedError(
      'usage',
      `The schedule's offset has ${left.length} channels, PTQD's bias ${right.length}.`,
      'Fit PTQD with the channels of this model.',
    );
  }
  return left.map((value, i) => value + right[i]!);
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function std(values: Float32Array): number {
  const centre = mean(values);
  return sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / values.length);
}

function regression(e: Float32Array, q: Float32Array): number {
  let above = 0;
  let below = 0;
  for (let i = 0; i < e.length; i++) {
    above += (q[i]! - e[i]!) * e[i]!;
    below += e[i]! ** 2;
  }
  return above / below;
}
