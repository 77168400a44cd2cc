/**
 * BFGS with a backtracking line search, for a handful of smooth variables, in a box or without bounds (Nocedal and
 * Wright 2006, Algorithm 6.1; Bertsekas 1982 for the box: a variable on its bound is left there while the function
 * grows beyond it, and steps are projected).
 */
const { abs, max, min } = Math;

/** A function with its gradient. */
export type Smooth = (x: Float64Array) => Evaluated;

export interface Evaluated {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A point with the function there. */
export interface Climbed extends Evaluated {
  readonly x: Float64Array;
}

export interface Climb {
  /** At most so many line searches. */
  readonly iterations: number;
  /** The longest change of a variable in a step, and in the first. */
  readonly longest: number;
  readonly first: number;
  /** It ends with a step in which no variable changes by more. */
  readonly enough: number;
  readonly lower?: readonly number[];
  readonly upper?: readonly number[];
}

const TRIES = 12;

/** The best point found from `start`; `start` itself if no step improves. */
export function maximise(f: Smooth, start: Float64Array, options: Climb): Climbed {
  const { iterations, longest, first, enough, lower, upper } = options;
  const inside = (x: number, i: number): number => max(lower?.[i] ?? -Infinity, min(upper?.[i] ?? Infinity, x));
  let at: Climbed = { x: start, ...f(start) };
  let inverse: Float64Array | null = null;
  let held = '';
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    const free = at.gradient.map((slope, i) => (inside(at.x[i]! + slope, i) === at.x[i] ? 0 : 1));
    if (free.join() !== held) inverse = null;
    held = free.join();
    const gradient = at.gradient.map((slope, i) => slope * free[i]!);
    let direction = inverse === null ? gradient : times(inverse, gradient).map((step, i) => step * free[i]!);
    if (dot(direction, gradient) <= 0) [inverse, direction] = [null, gradient];
    const size = largest(direction);
    if (size === 0) break;
    const next = search(direction, inverse === null ? min(1, first / size) : min(1, longest / size));
    if (next === null) {
      if (inverse === null) break;
      inverse = null;
      continue;
    }
    const s = next.x.map((to, i) => to - at.x[i]!);
    const y = next.gradient.map((to, i) => at.gradient[i]! - to);
    inverse = updated(inverse, s, y);
    at = next;
    if (largest(s) < enough) break;
  }
  return at;

  function search(direction: Float64Array, from: number): Climbed | null {
    for (let step = from, tries = 0; tries < TRIES; step /= 2, tries += 1) {
      const x = at.x.map((old, i) => inside(old + step * direction[i]!, i));
      const expected = at.gradient.reduce((sum, slope, i) => sum + slope * (x[i]! - at.x[i]!), 0);
      const found = f(x);
      if (found.value > at.value && found.value >= at.value + 1e-4 * expected) return { x, ...found };
    }
    return null;
  }
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

const largest = (x: Float64Array): number => x.reduce((most, one) => max(most, abs(one)), 0);

const times = (matrix: Float64Array, x: Float64Array): Float64Array =>
  x.map((_, i) => dot(matrix.subarray(i * x.length, (i + 1) * x.length), x));

/** The inverse Hessian after a step s with the change y of the (negative) gradient; unchanged without curvature. */
function updated(inverse: Float64Array | null, s: Float64Array, y: Float64Array): Float64Array | null {
  const n = s.length;
  const curvature = dot(s, y);
  if (!(curvature > 1e-14)) return inverse;
  const h = inverse ?? scaledIdentity(n, curvature / dot(y, y));
  const hy = times(h, y);
  const factor = (1 + dot(y, hy) / curvature) / curvature;
  return h.map((old, at) => {
    const i = (at / n) | 0;
    const j = at % n;
    return old + factor * s[i]! * s[j]! - (hy[i]! * s[j]! + s[i]! * hy[j]!) / curvature;
  });
}

function scaledIdentity(n: number, scale: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) matrix[i * n + i] = scale;
  return matrix;
}
