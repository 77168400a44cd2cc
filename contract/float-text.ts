/**
 * Float64Array <-> base64 of its little-endian bytes, so numbers cross the wire bit for bit.
 */

/** float64 values as base64 text. */
export function encodeFloats(values: Float64Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
}

/** The inverse of encodeFloats. */
export function decodeFloats(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
