/** Conversion between the units of the box and [0, 1] in each dimension. */
import type { Point, SearchSpace } from './optimizer.js';

const { max, min } = Math;

/** `lower + (upper - lower) u`, clipped to a box (the same by default), in case rounding leaves it. */
export function fromUnit({ lower, upper }: SearchSpace, unit: ArrayLike<number>, box?: SearchSpace): Point {
  const { lower: least, upper: most } = box ?? { lower, upper };
  return lower.map((low, i) => max(least[i]!, min(most[i]!, low + (upper[i]! - low) * unit[i]!)));
}

/** `(x - lower) / (upper - lower)`. */
export function toUnit({ lower, upper }: SearchSpace, point: Point): Float64Array {
  return Float64Array.from(point, (x, i) => (x - lower[i]!) / (upper[i]! - lower[i]!));
}
