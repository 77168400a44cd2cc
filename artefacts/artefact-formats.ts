/**
 * What is kept as artefacts: images as PNG; images that failed as JSON with the reason; tables of numbers with a header
 * of 24 bytes:
 *
 *   "qsfloat1", then as little-endian uint32: rows, columns, bytes per value (4 or 8), 0; then the values, row after row
 */
import { decode, encode } from 'fast-png';
import type { RgbImage } from '../metrics/images/image.js';

/** An image, or why there is none. */
export type KeptImage = RgbImage | { readonly failed: string };

/** A table of numbers, row after row. */
export interface FloatTable {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array | Float64Array;
}

const MAGIC = 'qsfloat1';
const HEADER_BYTES = 24;
const FAILED = 'qsched-failed-picture/1';

/** An image as bytes. PNG is lossless: what is decoded is what was generated. */
export function encodeImage(image: KeptImage): Uint8Array {
  if ('failed' in image) return Buffer.from(JSON.stringify({ format: FAILED, reason: image.failed }));
  return encode({ width: image.width, height: image.height, data: image.data, channels: 3, depth: 8 });
}

/** The inverse; undefined for bytes that are not an image of this format. */
export function decodeImage(bytes: Uint8Array): KeptImage | undefined {
  try {
    if (bytes[0] === 0x7b) {
      const { format, reason } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
        format?: unknown;
        reason?: unknown;
      };
      return format === FAILED && typeof reason === 'string' ? { failed: reason } : undefined;
    }
    const { width, height, data, channels, depth } = decode(bytes);
    return channels === 3 && depth === 8 ? { width, height, data: Uint8Array.from(data) } : undefined;
  } catch {
    return undefined;
  }
}

/** A table as bytes. */
export function encodeTable({ rows, columns, values }: FloatTable): Uint8Array {
  const size = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(HEADER_BYTES + values.length * size);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(MAGIC, 'latin1'));
  [rows, columns, size, 0].forEach((value, i) => {
    view.setUint32(MAGIC.length + 4 * i, value, true);
  });
  values.forEach((value, i) => {
    if (size === 8) view.setFloat64(HEADER_BYTES + 8 * i, value, true);
    else view.setFloat32(HEADER_BYTES + 4 * i, value, true);
  });
  return bytes;
}

/** The inverse; undefined for bytes that are not such a table. */
export function decodeTable(bytes: Uint8Array): FloatTable | undefined {
  if (bytes.length < HEADER_BYTES || Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) {
    return undefined;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [rows, columns, size] = [0, 1, 2].map((i) => view.getUint32(MAGIC.length + 4 * i, true)) as [
    number,
    number,
    number,
  ];
  if ((size !== 4 && size !== 8) || bytes.length !== HEADER_BYTES + rows * columns * size) return undefined;
  const values = size === 8 ? new Float64Array(rows * columns) : new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i += 1) {
    values[i] = size === 8 ? view.getFloat64(HEADER_BYTES + 8 * i, true) : view.getFloat32(HEADER_BYTES + 4 * i, true);
  }
  return { rows, columns, values };
}
