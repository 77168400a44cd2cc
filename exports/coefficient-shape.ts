/**
 * What the coefficients of a schedule are like: which of them other programs can express without code.
 */
import type { CompleteSchedule } from '../contract/schedule-document.js';

type Shaped = Pick<CompleteSchedule, 'coefficients' | 'ptqd'>;

/** Coefficients are found as decimals: what differs by less is rounding. */
const SAME = 1e-9;

/** Whether two factors are the same. */
export const sameFactor = (left: number, right: number): boolean => Math.abs(left - right) <= SAME;

/** The step, from 1, whose sample is scaled first, with its c^x; undefined if none is. */
export function scaledSample({ coefficients: { sample } }: Shaped): { step: number; factor: number } | undefined {
  const at = sample.findIndex((factor) => !sameFactor(factor, 1));
  return at === -1 ? undefined : { step: at + 1, factor: sample[at]! };
}

/** c^eps if it is the same in every step, and nothing else is changed; else null. */
export function uniformNoise(schedule: Shaped): number | null {
  const { noise } = schedule.coefficients;
  const isUniform = noise.every((factor) => sameFactor(factor, noise[0]!));
  return isUniform && scaledSample(schedule) === undefined && schedule.ptqd === undefined ? noise[0]! : null;
}
