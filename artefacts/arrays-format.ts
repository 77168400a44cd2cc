/**
 * Arrays of float32 as one artefact, such as what a text is conditioned on:
 *
 *   "qsarray1", then as little-endian uint32: the number of arrays, and the length of each; then their values
 */

const MAGIC = 'qsarray1';
const WORD = 4;

/** Arrays as bytes. */
export function encodeArrays(arrays: readonly Float32Array[]): Uint8Array {
  const header = MAGIC.length + WORD * (1 + arrays.length);
  const bytes = new Uint8Array(header + arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(MAGIC, 'latin1'));
  [arrays.length, ...arrays.map(({ length }) => length)].forEach((count, i) => {
    view.setUint32(MAGIC.length + WORD * i, count, true);
  });
  let at = header;
  for (const array of arrays) {
    for (let i = 0; i < array.length; i += 1) view.setFloat32(at + WORD * i, array[i]!, true);
    at += array.byteLength;
  }
  return bytes;
}

/** The inverse; undefined for bytes that are not of this format. */
export function decodeArrays(bytes: Uint8Array): Float32Array[] | undefined {
  if (bytes.length < MAGIC.length + WORD) return undefined;
  if (Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (i: number): number => view.getUint32(MAGIC.length + WORD * i, true);
  const count = word(0);
  const header = MAGIC.length + WORD * (1 + count);
  if (bytes.length < header) return undefined;
  const lengths = Array.from({ length: count }, (_, i) => word(i + 1));
  if (bytes.length !== header + WORD * lengths.reduce((sum, length) => sum + length, 0)) return undefined;
  let at = header;
  return lengths.map((length) => {
    const array = Float32Array.from({ length }, (_, i) => view.getFloat32(at + WORD * i, true));
    at += WORD * length;
    return array;
  });
}
