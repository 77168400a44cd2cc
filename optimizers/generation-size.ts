/**
 * How many candidates of a search are asked together: payloads and barriers stay small, whatever an optimizer would take.
 */
import { defaultBatch } from './create.js';

const { min } = Math;

/** Candidates asked together at most, if the spec sets how many. */
const MAX_ASKED = 256;
/** The same for optimizers that would ask for their whole budget at once: how many are asked together changes nothing. */
const MAX_ASKED_BY_DEFAULT = 1024;

/**
 * Candidates of a full generation.
 *
 * @param dimension numbers that are searched
 * @throws QschedError (usage) for an unknown optimizer
 */
export function generationSize(
  optimizer: {
    readonly type: string;
    readonly budget: number;
    readonly batch?: number | undefined;
    readonly gridPoints?: number | undefined;
  },
  dimension: number,
): number {
  const { type, budget, batch, gridPoints } = optimizer;
  if (batch !== undefined) return min(MAX_ASKED, batch);
  const own = gridPoints === undefined ? {} : { gridPoints };
  return min(MAX_ASKED_BY_DEFAULT, defaultBatch(type, dimension, budget, own));
}
