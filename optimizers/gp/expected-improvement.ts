/**
 * ln of the expected improvement over `best` (Ament et al., arXiv 2310.20708): unlike the expectation itself it does not
 * vanish far from the optimum.
 *
 *   EI = deviation h(z),  z = (mean - best) / deviation,  h(z) = phi(z) + z Phi(z)
 *   z < -3:  h(z) = phi(z) K / (t + K),  t = -z,  K = 1 / (t + 2 / (t + 3 / (t + ...)))     (Mills' ratio)
 */
import type { Belief } from './surface.js';

const { exp, log, PI } = Math;
const LOG_ROOT = log(2 * PI) / 2;
const TAIL = -3;
const TERMS = 50;

export const logImprovement = ({ mean, deviation }: Belief, best: number): number =>
  log(deviation) + logH((mean - best) / deviation);

/** ln h(z). */
export function logH(z: number): number {
  if (z >= TAIL) {
    const density = exp((-z * z) / 2 - LOG_ROOT);
    return log(density + z * (0.5 + half(z, density)));
  }
  const t = -z;
  let k = 0;
  for (let term = TERMS; term >= 1; term -= 1) k = term / (t + k);
  return (-z * z) / 2 - LOG_ROOT + log(k / (t + k));
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
