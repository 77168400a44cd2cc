/**
 * The logarithm of the gamma function: Stirling's series from 10 upwards, the recurrence
 * ln G(x) = ln G(x + 1) - ln x below.
 */

const { log, PI } = Math;

/** B_2k / (2k (2k - 1)), k = 1 to 7: the coefficients of x^(1 - 2k). */
const SERIES = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];

/**
 * ln of the gamma function, to about 1e-14.
 *
 * @param x above 0
 */
export function logGamma(x: number): number {
  let product = 1;
  let z = x;
  for (; z < 10; z++) product *= z;
  const square = z * z;
  let series = 0;
  for (let k = SERIES.length - 1; k >= 0; k--) series = series / square + SERIES[k]!;
  return (z - 0.5) * log(z) - z + 0.5 * log(2 * PI) + series / z - log(product);
}
