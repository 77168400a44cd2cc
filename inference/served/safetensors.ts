/**
 * Tensors as bytes, in the safetensors format (huggingface/safetensors): the length of a JSON header as little-endian
 * uint64, the header (name -> dtype, shape, data_offsets; strings under `__metadata__`), then the values.
 */
import { z } from 'zod';

const PREFIX = 8;
/** Of the values: they are written and read in place. */
const ALIGNMENT = 8;
const BYTES = { F32: 4, F16: 2, U8: 1 } as const;

export type Dtype = keyof typeof BYTES;

/** One tensor: its values are the bytes, little-endian, in row-major order. */
export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Tensors by name, with strings beside them. */
export interface Tensors {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const Entry = z.object({
  dtype: z.enum(['F32', 'F16', 'U8']),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});

/** Room for tensors whose values are not written yet. */
interface Layout {
  readonly all: Uint8Array<ArrayBuffer>;
  /** Name -> where its values belong, at a multiple of 8. */
  readonly places: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/**
 * The bytes of some tensors but for their values.
 *
 * @param allocate gives so many bytes, at the start of a buffer
 */
export function layTensors(
  tensors: Readonly<Record<string, Omit<Tensor, 'bytes'>>>,
  metadata: Tensors['metadata'],
  allocate = (size: number): Uint8Array<ArrayBuffer> => new Uint8Array(size),
): Layout {
  let at = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape }]) => {
    const from = at;
    at += sizeOf(dtype, shape);
    return [name, { dtype, shape, data_offsets: [from, at] as const }] as const;
  });
  const text = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const plain = new TextEncoder().encode(text);
  const start = PREFIX + Math.ceil(plain.length / ALIGNMENT) * ALIGNMENT;
  const all = allocate(start + at).fill(0x20, PREFIX, start);
  new DataView(all.buffer).setBigUint64(0, BigInt(start - PREFIX), true);
  all.set(plain, PREFIX);
  const places = entries.map(
    ([name, { data_offsets }]) => [name, all.subarray(start + data_offsets[0], start + data_offsets[1])] as const,
  );
  return { all, places: new Map(places) };
}

/** The bytes of some tensors. */
export function encodeTensors({ tensors, metadata }: Tensors): Uint8Array {
  const { all, places } = layTensors(tensors, metadata);
  for (const [name, { bytes }] of Object.entries(tensors)) places.get(name)!.set(bytes);
  return all;
}

const sizeOf = (dtype: Dtype, shape: readonly number[]): number =>
  shape.reduce((product, n) => product * n, BYTES[dtype]);

/** The inverse. @throws Error saying what is wrong with bytes that are not of this format */
export function decodeTensors(all: Uint8Array): Tensors {
  if (all.byteLength < PREFIX) throw new Error(`${all.byteLength} bytes are too few`);
  const length = Number(new DataView(all.buffer, all.byteOffset).getBigUint64(0, true));
  if (PREFIX + length > all.byteLength) throw new Error(`its header of ${length} bytes is not whole`);
  const header = JSON.parse(new TextDecoder().decode(all.subarray(PREFIX, PREFIX + length))) as Record<string, unknown>;
  const { __metadata__: metadata = {}, ...entries } = header;
  const data = all.subarray(PREFIX + length);
  const tensors: Record<string, Tensor> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets } = Entry.parse(entry);
    const [from, to] = data_offsets;
    const wanted = sizeOf(dtype, shape);
    if (to - from !== wanted || to > data.byteLength) {
      throw new Error(`${name}, ${dtype} [${shape.join(', ')}], has ${to - from} bytes of ${wanted}`);
    }
    tensors[name] = { dtype, shape, bytes: data.subarray(from, to) };
  }
  return { tensors, metadata: z.record(z.string(), z.string()).parse(metadata) };
}
