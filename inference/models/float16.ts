/**
 * IEEE 754 half precision as ONNX Runtime passes it: 16-bit patterns, in a Uint16Array or, if JavaScript has it, a
 * Float16Array.
 */

const NAN = 0x7e00;
const INFINITY_BITS = 0x7c00;
/** From here on a float32 rounds to infinity: 65520, half a unit above the largest half. */
const OVERFLOW = 0x477ff000;
/** The smallest normal half as a float32: 2^-14. */
const NORMAL = 0x38800000;
/** Difference of the exponent biases, 127 - 15, in the place of a float32's exponent. */
const BIAS = 0x38000000;

/**
 * Nearest halves, ties to even; what is too large becomes infinite.
 *
 * @param out where they are written, from its start
 */
export function toHalves(values: ArrayLike<number>, out = new Uint16Array(values.length)): Uint16Array {
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  const bits = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < bits.length; i += 1) {
    const all = bits[i]!;
    const magnitude = all & 0x7fffffff;
    const sign = (all >>> 16) & 0x8000;
    // Assigned in each branch: over a common variable the compiler makes doubles of them.
    if (magnitude >= NORMAL && magnitude < OVERFLOW) {
      out[i] = sign | ((magnitude - BIAS + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    } else {
      out[i] = sign | unusual(magnitude, floats[i]!);
    }
  }
  return out;
}

/** The magnitude of a half that is no normal number, without its sign. */
function unusual(magnitude: number, value: number): number {
  if (magnitude > 0x7f800000) return NAN;
  if (magnitude >= OVERFLOW) return INFINITY_BITS;
  // Subnormal halves are multiples of 2^-24; adding 2^52 leaves no room for a fraction, and the sum is rounded to even.
  return (Math.abs(value) * 2 ** 24 + 2 ** 52 - 2 ** 52) | 0;
}

/** float32 of every half, made when it is first needed. */
let tableOfAll: Float32Array | undefined;

/** Exact values of halves. @param data a Uint16Array of bit patterns, or a Float16Array */
export function fromHalves(data: ArrayBufferView & { readonly length: number }): Float32Array {
  const table = (tableOfAll ??= Float32Array.from({ length: 0x10000 }, (_, half) => valueOf(half)));
  const halves = new Uint16Array(data.buffer, data.byteOffset, data.length);
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i += 1) out[i] = table[halves[i]!]!;
  return out;
}

function valueOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (0x400 + fraction) * 2 ** (exponent - 25));
}
