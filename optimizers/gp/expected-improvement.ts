/**
 * ln of the expected improvement over `best` (Ament et al., arXiv 2310.20708): unlike the expectation itself it does not
 * vanish far from the optimum.
 *
 *   EI = deviation h(z),  z = (mean - best) / deviation,  h(z) = phi(z) + z Phi(z),  h'(z) = Phi(z)
 *   z < -3:  h(z) = phi(z) K / (t + K),  Phi(z) = phi(z) / (t + K),  t = -z,
 *            K = 1 / (t + 2 / (t + 3 / (t + ...)))     (Mills' ratio)
 */
import type { Evaluated } from './maximise.js';
import type { Surface } from './surface.js';

const { exp, log, PI } = Math;
const LOG_ROOT = log(2 * PI) / 2;
const TAIL = -3;

/** How many terms of the continued fraction give 12 digits of ln h: fewer, the further out. */
const termsAt = (t: number): number => (t < 5 ? 50 : t < 10 ? 20 : 8);

export const logImprovement = (surface: Surface, x: Float64Array, best: number): number => {
  const { mean, deviation } = surface.at(x);
  return log(deviation) + logH((mean - best) / deviation).value;
};

/** The same with its gradient. */
export function climbImprovement(surface: Surface, x: Float64Array, best: number): Evaluated {
  const { mean, deviation } = surface.at(x);
  const z = (mean - best) / deviation;
  const { value, slope } = logH(z);
  const gradient = surface.gradient({ mean: slope / deviation, deviation: (1 - slope * z) / deviation });
  return { value: log(deviation) + value, gradient };
}

/** ln h(z) and its derivative Phi(z) / h(z). */
export function logH(z: number): { readonly value: number; readonly slope: number } {
  if (z >= TAIL) {
    const density = exp((-z * z) / 2 - LOG_ROOT);
    const below = 0.5 + half(z, density);
    const h = density + z * below;
    return { value: log(h), slope: below / h };
  }
  const t = -z;
  let k = 0;
  for (let term = termsAt(t); term >= 1; term -= 1) k = term / (t + k);
  return { value: (-z * z) / 2 - LOG_ROOT + log(k / (t + k)), slope: 1 / k };
}

/** Phi(z) - 1/2 = phi(z) (z + z^3 / 3 + z^5 / 15 + ...), every term z^2 / (2 k + 1) of the one before it. */
function half(z: number, density: number): number {
  if (z > 8) return 0.5;
  let term = z;
  let sum = z;
  for (let odd = 3; term !== 0 && sum + term !== sum; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return density * sum;
}
