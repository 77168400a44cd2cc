/**
 * Singular values of an upper bidiagonal matrix by implicit QR steps with Wilkinson's shift (Golub and
 * Reinsch 1970, as in LINPACK's dsvdc and JAMA), without left vectors. Rotations of the right vectors are
 * handed on as they come.
 */
import { QschedError } from '../../contract/errors.js';

/** Columns l and r become c l + s r and c r - s l. */
export type Rotate = (left: number, right: number, c: number, s: number) => void;

const EPSILON = 2 ** -52;
const TINY = 2 ** -966;
/** QR steps a value, on average; two are usual. */
const MAX_STEPS = 75;
const { abs, hypot, max, sqrt } = Math;

/**
 * @param s (n), the diagonal; becomes the singular values, 0 or more, in no order
 * @param e (n), the diagonal above it, the last value 0; used up
 * @throws QschedError (failure) if the values do not converge, for example because one is not finite
 */
export function bidiagonalValues(s: Float64Array, e: Float64Array, rotate: Rotate): void {
  let steps = MAX_STEPS * s.length;
  for (let p = s.length; p > 0;) {
    const from = blockStart(s, e, p);
    if (from === p - 1) {
      s[p - 1] = abs(s[p - 1]!);
      p -= 1;
      continue;
    }
    steps -= 1;
    if (steps < 0 || Number.isNaN(s[p - 1])) {
      throw new QschedError(
        'failure',
        'The singular values of a distance between sets do not converge: the features are too large, or too small.',
      );
    }
    const zero = negligible(s, e, from, p);
    if (zero === p - 1) clearColumn(s, e, from, p, rotate);
    else if (zero >= 0) clearRow(s, e, zero + 1, p);
    else step(s, e, from, p, rotate);
  }
}

/** Where the block that ends before p begins: the value above the diagonal is negligible there. */
function blockStart(s: Float64Array, e: Float64Array, p: number): number {
  for (let k = p - 2; k >= 0; k--) {
    if (abs(e[k]!) <= TINY + EPSILON * (abs(s[k]!) + abs(s[k + 1]!))) {
      e[k] = 0;
      return k + 1;
    }
  }
  return 0;
}

/** The last diagonal value of a block that is negligible, or -1. */
function negligible(s: Float64Array, e: Float64Array, from: number, p: number): number {
  for (let k = p - 1; k >= from; k--) {
    const beside = abs(e[k]!) + (k === from ? 0 : abs(e[k - 1]!));
    if (abs(s[k]!) <= TINY + EPSILON * beside) {
      s[k] = 0;
      return k;
    }
  }
  return -1;
}

/** The last diagonal value is 0: the value above it is turned away, upwards. */
function clearColumn(s: Float64Array, e: Float64Array, from: number, p: number, rotate: Rotate): void {
  let f = e[p - 2]!;
  e[p - 2] = 0;
  for (let j = p - 2; j >= from; j--) {
    const length = hypot(s[j]!, f) || Number.MIN_VALUE;
    const [c, sine] = [s[j]! / length, f / length];
    s[j] = length;
    if (j !== from) {
      f = -sine * e[j - 1]!;
      e[j - 1]! *= c;
    }
    rotate(j, p - 1, c, sine);
  }
}

/** A diagonal value before `from` is 0: the value beside it is turned away, along its row. */
function clearRow(s: Float64Array, e: Float64Array, from: number, p: number): void {
  let f = e[from - 1]!;
  e[from - 1] = 0;
  for (let j = from; j < p; j++) {
    const length = hypot(s[j]!, f) || Number.MIN_VALUE;
    const [c, sine] = [s[j]! / length, f / length];
    s[j] = length;
    f = -sine * e[j]!;
    e[j]! *= c;
  }
}

/** One QR step on the block. */
function step(s: Float64Array, e: Float64Array, from: number, p: number, rotate: Rotate): void {
  let [f, g] = firstColumn(s, e, from, p);
  for (let j = from; j < p - 1; j++) {
    let length = sqrt(f * f + g * g) || Number.MIN_VALUE;
    let [c, sine] = [f / length, g / length];
    if (j !== from) e[j - 1] = length;
    f = c * s[j]! + sine * e[j]!;
    e[j] = c * e[j]! - sine * s[j]!;
    g = sine * s[j + 1]!;
    s[j + 1]! *= c;
    rotate(j, j + 1, c, sine);
    length = sqrt(f * f + g * g) || Number.MIN_VALUE;
    [c, sine] = [f / length, g / length];
    s[j] = length;
    f = c * e[j]! + sine * s[j + 1]!;
    s[j + 1] = c * s[j + 1]! - sine * e[j]!;
    g = sine * e[j + 1]!;
    e[j + 1]! *= c;
  }
  e[p - 2] = f;
}

/** What the first rotation turns to: the first column of B^T B minus the shift, up to scale. */
function firstColumn(s: Float64Array, e: Float64Array, from: number, p: number): [number, number] {
  const scale = max(abs(s[p - 1]!), abs(s[p - 2]!), abs(e[p - 2]!), abs(s[from]!), abs(e[from]!));
  const [last, before, beside] = [s[p - 1]! / scale, s[p - 2]! / scale, e[p - 2]! / scale];
  const [first, next] = [s[from]! / scale, e[from]! / scale];
  const b = ((before + last) * (before - last) + beside * beside) / 2;
  const c = (last * beside) ** 2;
  const root = b < 0 ? -sqrt(b * b + c) : sqrt(b * b + c);
  const shift = b === 0 && c === 0 ? 0 : c / (b + root);
  return [(first + last) * (first - last) + shift, first * next];
}
