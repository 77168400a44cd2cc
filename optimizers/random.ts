/** Independent uniform points of the box: coordinate j of point i is random number (i, j, 0). */
import type { Algorithm } from './ask-tell.js';
import type { FilledOptions } from './options.js';
import { createGenerator } from './rng.js';
import { fromUnit } from './unit-box.js';

/** Uniform search as an algorithm; its whole state is its index. */
export function random({ space, seed }: FilledOptions): Algorithm {
  const { uniform } = createGenerator(seed);
  return {
    left: () => Number.POSITIVE_INFINITY,
    propose: (asked, count) =>
      Array.from({ length: count }, (_, i) =>
        fromUnit(
          space,
          space.lower.map((_low, j) => uniform(asked + i, j, 0)),
        ),
      ),
    absorb: () => undefined,
    stopReason: () => null,
    own: () => ({}),
  };
}
