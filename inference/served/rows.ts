/**
 * Rows of numbers as the values of one tensor, and back.
 */
import { fromHalves, toHalves } from '../models/float16.js';
import type { Tensor } from './safetensors.js';

/** `batch` rows of equal length, the last of them repeated, as little-endian float32 or float16. */
export function packRows(rows: readonly Float32Array[], batch: number, dtype: 'F32' | 'F16'): Uint8Array {
  const { length } = rows[0]!;
  const values = new Float32Array(batch * length);
  for (let at = 0; at < batch; at += 1) values.set(rows[Math.min(at, rows.length - 1)]!, at * length);
  const data = dtype === 'F32' ? values : toHalves(values);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The first `count` rows of a tensor of float32 or float16. */
export function unpackRows({ dtype, shape, bytes }: Tensor, count: number): Float32Array[] {
  // A copy: bytes of a message may begin anywhere, and arrays of larger elements may not.
  const own = Uint8Array.from(bytes);
  const values =
    dtype === 'F16' ? fromHalves(new Uint16Array(own.buffer)) : new Float32Array(own.buffer, 0, own.byteLength / 4);
  const length = values.length / shape[0]!;
  return Array.from({ length: count }, (_, i) => values.slice(i * length, (i + 1) * length));
}

const MIDDLE = 127.5;

/** The first `count` images of bytes as values from -1 to 1, which round to the same bytes again. */
export function fromBytes({ shape, bytes }: Tensor, count: number): Float32Array[] {
  const length = bytes.length / shape[0]!;
  return Array.from({ length: count }, (_, i) =>
    Float32Array.from(bytes.subarray(i * length, (i + 1) * length), (byte) => byte / MIDDLE - 1),
  );
}
