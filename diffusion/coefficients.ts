/**
 * From a point of the search space to the coefficients c^x and c^eps of every step, one of
 * three shapes (Q-Sched, Algorithm 1 and section 4):
 *
 *   linear        c = linspace(start, end, steps)  for c^x and for c^eps
 *   single-scale  c = linspace(start, 1, steps)
 *   per-step      one free number per step
 *
 * Runs in workflows: pure arithmetic, nothing else.
 */
import type { Coefficients } from '../contract/coefficients.js';
import { QschedError } from '../contract/errors.js';

/** How the numbers of a point determine the steps. */
export type CoefficientShape = 'linear' | 'single-scale' | 'per-step';

/** Which coefficients are searched; the others stay 1. */
export type CoefficientTune = 'both' | 'sample' | 'noise';

export interface CoefficientSpaceOptions {
  readonly shape: CoefficientShape;
  readonly tune: CoefficientTune;
  /** Lowest and highest value of every number of a point. */
  readonly range: readonly [number, number];
  /** Steps of the schedule, from 1. */
  readonly steps: number;
}

/** The box that an optimizer searches, and the mapping from its points to coefficients. */
export interface CoefficientSpace {
  /** How many numbers a point has. */
  readonly dimension: number;
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** One name per number, in order: `sample.start`, `sample.end`, `noise.start`, `noise.end`; per step `sample.0`, ... */
  readonly names: readonly string[];
  /** @throws QschedError (usage) if the point has another length or contains a number that is not finite */
  toCoefficients(point: readonly number[]): Coefficients;
  /** All ones: the schedule without coefficients. */
  identity(): Coefficients;
}

/**
 * `count` evenly spaced numbers from `start` to `end`, both included, as numpy 2.x's linspace:
 * start + i * step, the last one exactly `end`; for a count of 1, `[start]`.
 */
export function linspace(start: number, end: number, count: number): number[] {
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => (i === count - 1 && count > 1 ? end : i * step + start));
}

/** Coefficients of 1 for `steps` steps. */
export function identityCoefficients(steps: number): Coefficients {
  return { sample: ones(steps), noise: ones(steps) };
}

const ones = (steps: number): number[] => new Array<number>(steps).fill(1);

/**
 * The search space of one schedule.
 *
 * With one step, linspace(start, end, 1) = [start]: the end has no effect, so it is not searched.
 *
 * @throws QschedError (usage) if steps is not a whole number from 1 or the range is not finite and rising
 */
export function coefficientSpace(options: CoefficientSpaceOptions): CoefficientSpace {
  const {
    shape,
    tune,
    range: [low, high],
    steps,
  } = options;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new QschedError('usage', `steps is ${steps}: must be a whole number from 1.`, 'Change steps.');
  }
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    throw new QschedError('usage', `range is [${low}, ${high}]: must go from low to high.`, 'For example [0.8, 1.2].');
  }

  const labels = labelsOf(shape, steps);
  const each = labels.length;
  const parts: ('sample' | 'noise')[] = tune === 'both' ? ['sample', 'noise'] : [tune];
  const names = parts.flatMap((part) => labels.map((label) => `${part}.${label}`));
  const spread = (part: 'sample' | 'noise', point: readonly number[]): number[] => {
    const at = parts.indexOf(part);
    return at < 0 ? ones(steps) : spreadOver(shape, point.slice(at * each, (at + 1) * each), steps);
  };
  return {
    dimension: names.length,
    lower: names.map(() => low),
    upper: names.map(() => high),
    names,
    toCoefficients(point) {
      if (point.length !== names.length) {
        throw new QschedError(
          'usage',
          `The point has ${point.length} numbers, but this space has ${names.length}: ${names.join(', ')}.`,
          `Give ${names.length} numbers.`,
        );
      }
      const broken = point.findIndex((value) => !Number.isFinite(value));
      if (broken >= 0) {
        throw new QschedError(
          'usage',
          `${names[broken]!} is ${point[broken]!}: must be a finite number.`,
          `Change ${names[broken]!}.`,
        );
      }
      return { sample: spread('sample', point), noise: spread('noise', point) };
    },
    identity: () => identityCoefficients(steps),
  };
}

/** The number of a point that leads to coefficients: `name` is one of the space's. */
export function coordinateOf(name: string, coefficients: Coefficients): number {
  const [part, label] = name.split('.') as ['sample' | 'noise', string];
  const values = coefficients[part];
  return label === 'end' ? values.at(-1)! : values[label === 'start' ? 0 : Number(label)]!;
}

function labelsOf(shape: CoefficientShape, steps: number): string[] {
  if (shape === 'per-step') return Array.from({ length: steps }, (_, i) => String(i));
  return shape === 'linear' && steps > 1 ? ['start', 'end'] : ['start'];
}

function spreadOver(shape: CoefficientShape, values: readonly number[], steps: number): number[] {
  if (shape === 'per-step') return [...values];
  return linspace(values[0]!, shape === 'linear' ? (values[1] ?? 1) : 1, steps);
}

/**
 * Checks that coefficients belong to a schedule of `steps` steps.
 *
 * @throws QschedError (usage) if a length differs or a number is not finite
 */
export function checkCoefficients(coefficients: Coefficients, steps: number): void {
  for (const part of ['sample', 'noise'] as const) {
    const values = coefficients[part];
    if (!Array.isArray(values)) {
      throw new QschedError('usage', `coefficients.${part} is missing.`, `Give ${steps} numbers, one per step.`);
    }
    if (values.length !== steps) {
      throw new QschedError(
        'usage',
        `coefficients.${part} has ${values.length} numbers, but the schedule has ${steps} ${steps === 1 ? 'step' : 'steps'}.`,
        `Give ${steps} numbers, one per step.`,
      );
    }
    const broken = values.findIndex((value) => typeof value !== 'number' || !Number.isFinite(value));
    if (broken >= 0) {
      throw new QschedError(
        'usage',
        `coefficients.${part}[${broken}] is ${String(values[broken])}: must be a finite number.`,
        'Coefficients are close to 1, as in 0.97.',
      );
    }
  }
}
