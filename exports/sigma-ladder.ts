/**
 * Noise levels of Euler's method, x' = x + (sigma' - sigma) m: what a list of sigmas has to say. In all programs that take
 * such a list a sigma is at once the timestep that the network is given, so that the list cannot change a step without
 * changing what the network sees; only the last level, at which nothing is called, is free.
 */
import { QschedError } from '../contract/errors.js';
import { scaledSample } from './coefficient-shape.js';
import type { ExportedSchedule } from './target.js';

/** Steps are float64 sums of float32 levels. */
const ROUNDING = 1e-6;

/** The levels of a schedule without coefficients, falling, with the 0 at the end. */
export function sigmaLadder({ document, fused: { steps } }: ExportedSchedule): number[] {
  const trained = Number(document.scheduler.config?.['num_train_timesteps'] ?? 1000);
  const isFlow = document.scheduler.type.startsWith('flow-match');
  const levels = steps.map(({ timestep, inputScale }) =>
    Math.fround(isFlow ? timestep / trained : Math.sqrt(1 / inputScale ** 2 - 1)),
  );
  return [...levels, 0];
}

/**
 * c^eps of every step, of a schedule that Euler's method takes with other weights of the output alone.
 *
 * @param target what the message calls the target
 * @throws QschedError (usage) with the reason: another method, PTQD, c^x, noise, or levels that end elsewhere
 */
export function eulerFactors(schedule: ExportedSchedule, target: string): readonly number[] {
  const { document, fused } = schedule;
  const { type } = document.scheduler;
  const refuse = (why: string): QschedError =>
    new QschedError('usage', `${target} cannot express this schedule: ${why}.`, EVERYWHERE);
  if (type !== 'euler' && type !== 'flow-match-euler') {
    throw refuse(`a list of sigmas describes Euler's method, and the scheduler is "${type}"`);
  }
  if (document.ptqd !== undefined) throw refuse("it corrects the network's output by PTQD");
  const scaled = scaledSample(document);
  if (scaled !== undefined) {
    throw refuse(`c^x of step ${scaled.step} is ${scaled.factor}, and no list of sigmas scales the sample`);
  }
  const ladder = sigmaLadder(schedule);
  const { noise } = document.coefficients;
  const fits = fused.steps.every(({ a, b, d, n }, i) => {
    const width = (ladder[i + 1]! - ladder[i]!) * noise[i]!;
    return Math.abs(a - 1) < ROUNDING && d === 0 && n === 0 && Math.abs(b - width) < ROUNDING * (1 + Math.abs(width));
  });
  if (!fits) throw refuse("its steps are not those of Euler's method over falling sigmas that end at 0");
  return noise;
}

/** What does not depend on a list of sigmas. */
export const EVERYWHERE = 'Export --to diffusers, onnx, comfyui or json.';

/** `[1, 1.02, 0.98]` for messages. */
export const listed = (factors: readonly number[]): string => `[${factors.join(', ')}]`;
