/**
 * Timesteps and sigmas that a user gives instead of the scheduler's own.
 */
import { QschedError } from '../contract/errors.js';

/** What a scheduler takes as timesteps. */
interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
  /** For the message. */
  readonly example: string;
}

/**
 * Timesteps of `steps` steps.
 *
 * @throws QschedError (usage) if their number is not `steps`, they do not fall strictly, or one is out of bounds
 */
export function checkTimesteps(timesteps: readonly number[], steps: number, bounds: Bounds): readonly number[] {
  const { low, high, whole, example } = bounds;
  checkCount('timesteps', timesteps, steps);
  const fits = (t: number): boolean => t >= low && t <= high && (!whole || Number.isInteger(t));
  if (!timesteps.every(fits) || !falls(timesteps)) {
    throw new QschedError(
      'usage',
      `timesteps is [${timesteps.join(', ')}]: must fall strictly, ${whole ? 'whole numbers' : 'numbers'} from ${high} down to ${low}.`,
      `For example ${example}.`,
    );
  }
  return timesteps;
}

/** Whole timesteps of a training schedule of T steps. @throws QschedError (usage) as `checkTimesteps` */
export const checkTrained = (timesteps: readonly number[], steps: number, T: number): readonly number[] =>
  checkTimesteps(timesteps, steps, { low: 0, high: T - 1, whole: true, example: '[999, 749, 499, 249]' });

/**
 * Sigmas of `steps` steps, without the end.
 *
 * @param high the largest that is allowed
 * @throws QschedError (usage) if their number is not `steps`, they do not fall strictly, or one is out of (0, high]
 */
export function checkSigmas(sigmas: readonly number[], steps: number, high: number): readonly number[] {
  checkCount('sigmas', sigmas, steps);
  if (!sigmas.every((sigma) => sigma > 0 && sigma <= high) || !falls(sigmas)) {
    throw new QschedError(
      'usage',
      `sigmas is [${sigmas.join(', ')}]: must fall strictly, within (0, ${high}].`,
      'For example [1, 0.75, 0.5, 0.25].',
    );
  }
  return sigmas;
}

function checkCount(name: string, values: readonly number[], steps: number): void {
  if (values.length === steps) return;
  throw new QschedError(
    'usage',
    `${name} has ${values.length} numbers, but the schedule has ${steps} steps.`,
    `Give one per step, without the final 0, or change steps to ${values.length}.`,
  );
}

const falls = (values: readonly number[]): boolean => values.every((value, i) => i === 0 || value < values[i - 1]!);
