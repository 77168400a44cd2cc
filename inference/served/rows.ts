/**
 * Rows of numbers as the values of one tensor, and back.
 */
import { fromHalves, toHalves } from '../models/float16.js';
import type { Tensor } from './safetensors.js';

const TYPES = { F32: Float32Array, F16: Uint16Array } as const;

/**
 * Writes `batch` rows of equal length, the last of them repeated, as little-endian float32 or float16.
 *
 * @param into as many bytes as they need, at a multiple of 4 in their buffer
 */
export function packRows(
  rows: readonly Float32Array[],
  batch: number,
  dtype: 'F32' | 'F16',
  into: Uint8Array<ArrayBuffer>,
): void {
  const { length } = rows[0]!;
  const data = new TYPES[dtype](into.buffer, into.byteOffset, batch * length);
  rows.forEach((row, at) => {
    const place = data.subarray(at * length, (at + 1) * length);
    if (place instanceof Uint16Array) toHalves(row, place);
    else place.set(row);
  });
  const last = (rows.length - 1) * length;
  for (let at = rows.length; at < batch; at += 1) data.copyWithin(at * length, last, last + length);
}

/** The first `count` rows of a tensor of float32 or float16. */
export function unpackRows({ dtype, shape, bytes }: Tensor, count: number): Float32Array[] {
  const size = bytes.byteLength / shape[0]!;
  return Array.from({ length: count }, (_, i) => {
    const row = bytes.subarray(i * size, (i + 1) * size);
    // Bytes of a message may begin anywhere, and arrays of larger elements may not.
    if (dtype === 'F16' && row.byteOffset % 2 === 0) {
      return fromHalves(new Uint16Array(row.buffer, row.byteOffset, size / 2));
    }
    const buffer = row.buffer.slice(row.byteOffset, row.byteOffset + size);
    return dtype === 'F16' ? fromHalves(new Uint16Array(buffer)) : new Float32Array(buffer);
  });
}

const MIDDLE = 127.5;

/** The first `count` images of bytes as values from -1 to 1, which round to the same bytes again. */
export function fromBytes({ shape, bytes }: Tensor, count: number): Float32Array[] {
  const length = bytes.length / shape[0]!;
  return Array.from({ length: count }, (_, n) => {
    const image = new Float32Array(length);
    const from = n * length;
    for (let i = 0; i < length; i += 1) image[i] = bytes[from + i]! / MIDDLE - 1;
    return image;
  });
}
