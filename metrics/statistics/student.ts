/**
 * Student's t distribution. The substitution t = sqrt(v) tan(x) turns its density into
 * cos(x)^(v - 1) on (-pi/2, pi/2).
 */
import { QschedError } from '../../contract/errors.js';
import { logGamma } from '../scores/log-gamma.js';

const PANELS = 200;
const { cos, exp, min, PI, sqrt, tan } = Math;

/**
 * The t with P(-t < T < t) = `level`, to a relative accuracy of about 1e-8.
 *
 * @param level within (0, 1)
 * @param degrees degrees of freedom, at least 1; for many the result approaches the normal quantile
 * @throws QschedError (usage) for a level out of range; (failure) for degrees out of range
 */
export function studentQuantile(level: number, degrees: number): number {
  if (!(level > 0 && level < 1)) {
    throw new QschedError('usage', `The level is ${level}; it must lie between 0 and 1.`, 'Use 0.95.');
  }
  if (!(degrees >= 1 && degrees < Infinity)) {
    throw new QschedError('failure', `Student's distribution needs at least 1 degree of freedom, not ${degrees}.`);
  }
  const target = (level * sqrt(PI) * exp(logGamma(degrees / 2) - logGamma((degrees + 1) / 2))) / 2;
  let low = 0;
  // At most 40 standard deviations, so that the panels resolve the peak for many degrees of freedom.
  let high = min(PI / 2, 40 / sqrt(degrees));
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (integral(middle, degrees - 1) < target) low = middle;
    else high = middle;
  }
  return sqrt(degrees) * tan((low + high) / 2);
}

/** Integral of cos(x)^power from 0 to `end`, by Simpson's rule. */
function integral(end: number, power: number): number {
  const width = end / PANELS;
  let sum = 1 + cos(end) ** power;
  for (let i = 1; i < PANELS; i++) sum += (i % 2 === 1 ? 4 : 2) * cos(i * width) ** power;
  return (sum * width) / 3;
}
