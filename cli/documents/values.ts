/**
 * Values that the JSON documents of commands share. Objects may have further fields.
 */
import { z } from 'zod';

export const [text, number, flag] = [z.string(), z.number(), z.boolean()];
export const texts = z.array(text);
export const orNull = <T extends z.ZodType>(type: T) => type.nullable();

/** c^x and c^eps, one of each per step. */
export const coefficients = z.object({ sample: z.array(number), noise: z.array(number) });

const ends = z.looseObject({ low: number, high: number });

/** A gain over the baseline with its 95 % intervals. */
export const gain = z.looseObject({
  scorer: text,
  prompts: number,
  identity: number.describe('mean score of the baseline'),
  calibrated: number,
  gain: number,
  low: number,
  high: number,
  percentile: ends,
  studentised: ends,
  probabilityOfGain: number,
});

export const recommend = z.enum(['calibrated', 'identity', 'none']).describe('identity is the baseline');

/** A scored candidate; trial 0 is the baseline. */
export const scored = z.looseObject({
  trial: number,
  coefficients,
  score: number,
  terms: z.looseObject({ tc: orNull(number), iq: orNull(number) }),
});

/** Type, steps and eta of a scheduler. */
export const scheduler = z.looseObject({ type: text, steps: number, eta: number });

export const promptSplit = z.looseObject({
  set: orNull(text),
  count: number,
  seeds: z.array(number),
  sha256: text,
});
