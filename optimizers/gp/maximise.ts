/**
 * BFGS with a backtracking line search, for a handful of smooth variables (Nocedal and Wright 2006, Algorithm 6.1).
 */
const { abs, min } = Math;
const MAX_STEP = 2;
const ENOUGH = 1e-3;

/** A function with its gradient. */
export type Smooth = (x: Float64Array) => { readonly value: number; readonly gradient: Float64Array };

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/**
 * The best point found from `start`; `start` itself if no step improves.
 *
 * @param iterations at most so many line searches
 */
export function maximise(f: Smooth, start: Float64Array, iterations: number): Float64Array {
  const n = start.length;
  let x = start;
  let { value, gradient } = f(x);
  let inverse = identity(n);
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    let direction = times(inverse, gradient, n);
    if (dot(direction, gradient) <= 0) {
      inverse = identity(n);
      direction = gradient;
    }
    const slope = dot(direction, gradient);
    const longest = direction.reduce((most, step) => (abs(step) > most ? abs(step) : most), 0);
    if (longest < ENOUGH) break;
    const next = search(min(1, MAX_STEP / longest));
    if (next === null) break;
    const s = next.x.map((to, i) => to - x[i]!);
    const y = next.gradient.map((to, i) => gradient[i]! - to);
    inverse = updated(inverse, s, y, n);
    ({ x, value, gradient } = next);

    function search(first: number): { x: Float64Array; value: number; gradient: Float64Array } | null {
      for (let step = first, tries = 0; tries < 12; step /= 2, tries += 1) {
        const to = x.map((from, i) => from + step * direction[i]!);
        const at = f(to);
        if (at.value >= value + 1e-4 * step * slope) return { x: to, ...at };
      }
      return null;
    }
  }
  return x;
}

function identity(n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) matrix[i * n + i] = 1;
  return matrix;
}

const times = (matrix: Float64Array, x: Float64Array, n: number): Float64Array =>
  x.map((_, i) => dot(matrix.subarray(i * n, (i + 1) * n), x));

/** The inverse Hessian after a step s with the change y of the (negative) gradient; unchanged without curvature. */
function updated(inverse: Float64Array, s: Float64Array, y: Float64Array, n: number): Float64Array {
  const curvature = dot(s, y);
  if (!(curvature > 1e-12)) return inverse;
  const hy = times(inverse, y, n);
  const factor = (1 + dot(y, hy) / curvature) / curvature;
  return inverse.map((h, at) => {
    const i = (at / n) | 0;
    const j = at % n;
    return h + factor * s[i]! * s[j]! - (hy[i]! * s[j]! + s[i]! * hy[j]!) / curvature;
  });
}
