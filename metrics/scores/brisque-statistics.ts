/**
 * The two distributions that BRISQUE fits by their moments, as piq 0.8.0 does: shapes are the
 * points 0.2, 0.201, ..., 10 whose moment ratio is nearest to the data's, the first of equals.
 *
 *   GGD (generalised Gaussian), shape a:  E[x^2] / E[|x|]^2 = G(1/a) G(3/a) / G(2/a)^2
 *   AGGD (asymmetric), with g = sl / sr:  R = E[|x|]^2 / E[x^2] (g^3 + 1)(g + 1) / (g^2 + 1)^2
 *                                         R = G(2/a)^2 / (G(1/a) G(3/a))
 */
import { logGamma } from './log-gamma.js';

const { abs, exp, sqrt } = Math;

const SHAPES = Float64Array.from({ length: 9801 }, (_, i) => 0.2 + i * 0.001);

/** G(1/a) G(3/a) / G(2/a)^2 at every shape. */
const RATIOS = SHAPES.map((a) => exp(logGamma(1 / a) + logGamma(3 / a) - 2 * logGamma(2 / a)));
const INVERSE_RATIOS = RATIOS.map((ratio) => 1 / ratio);

/**
 * A product nearer to 0 than this is the rounding noise of a flat area. Where grey levels
 * differ at all, it is at least about 1e-8.
 */
const NOISE = 1e-9;

/**
 * Shape and variance of a generalised Gaussian around 0.
 *
 * @returns [alpha, sigma^2]; NaN if all values are 0
 */
export function fitGgd(x: Float64Array): [alpha: number, variance: number] {
  let sum = 0;
  let squares = 0;
  for (const value of x) {
    sum += abs(value);
    squares += value * value;
  }
  const variance = squares / x.length;
  return [nearestShape(RATIOS, variance / (sum / x.length) ** 2), variance];
}

/**
 * Shape, mean and both variances of an asymmetric generalised Gaussian.
 *
 * @returns [alpha, eta, sigma_l^2, sigma_r^2]; all NaN if no value is below 0 or none is above
 */
export function fitAggd(x: Float64Array): [alpha: number, eta: number, left: number, right: number] {
  let sum = 0;
  let below = 0;
  let above = 0;
  let squaresBelow = 0;
  let squaresAbove = 0;
  for (const value of x) {
    sum += abs(value);
    if (value < -NOISE) {
      below++;
      squaresBelow += value * value;
    } else if (value > NOISE) {
      above++;
      squaresAbove += value * value;
    }
  }
  if (below === 0 || above === 0) return [Number.NaN, Number.NaN, Number.NaN, Number.NaN];
  const left = squaresBelow / below;
  const right = squaresAbove / above;
  const g = sqrt(left) / sqrt(right);
  const ratio = (sum / x.length) ** 2 / ((squaresBelow + squaresAbove) / x.length);
  const alpha = nearestShape(INVERSE_RATIOS, (ratio * (g ** 3 + 1) * (g + 1)) / (g ** 2 + 1) ** 2);
  const eta = (sqrt(right) - sqrt(left)) * exp(logGamma(2 / alpha) - (logGamma(1 / alpha) + logGamma(3 / alpha)) / 2);
  return [alpha, eta, left, right];
}

function nearestShape(table: Float64Array, ratio: number): number {
  let best = Number.NaN;
  let distance = Infinity;
  for (let i = 0; i < table.length; i++) {
    const here = abs(ratio - table[i]!);
    if (here < distance) {
      distance = here;
      best = SHAPES[i]!;
    }
  }
  return best;
}
