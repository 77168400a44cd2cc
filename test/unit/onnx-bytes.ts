/** Tiny ONNX files, written field by field (field numbers of onnx.proto3). */

/** Element types. */
export const ELEMENT = { float32: 1, int32: 6, int64: 7, float16: 10, float64: 11, bfloat16: 16 } as const;
export type Element = keyof typeof ELEMENT;

/** A number, base 128. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
export const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
export const bytes = (field: number, ...parts: readonly (Uint8Array | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
};

export interface TensorParts {
  readonly dims?: readonly number[];
  readonly type?: Element;
  readonly raw?: Uint8Array;
  readonly location?: string;
}

/** TensorProto. */
export const tensor = (name: string, { dims = [], type = 'float32', raw, location }: TensorParts): Buffer =>
  Buffer.concat([
    ...dims.map((size) => number(1, size)),
    number(2, ELEMENT[type]),
    bytes(8, name),
    ...(raw === undefined ? [] : [bytes(9, raw)]),
    ...(location === undefined
      ? []
      : [bytes(13, bytes(1, 'location'), bytes(2, location)), bytes(13, bytes(1, 'offset'), bytes(2, '0'))]),
    ...(location === undefined ? [] : [number(14, 1)]),
  ]);

/** AttributeProto of an integer: i (3), type INT (2). */
export const integer = (name: string, value: number): Buffer =>
  Buffer.concat([bytes(1, name), number(3, value), number(20, 2)]);

/** NodeProto. */
export const node = (
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Buffer[] = [],
): Buffer =>
  Buffer.concat([
    ...inputs.map((name) => bytes(1, name)),
    ...outputs.map((name) => bytes(2, name)),
    bytes(4, operator),
    ...attributes.map((attribute) => bytes(5, attribute)),
  ]);

/** ValueInfoProto. */
export const value = (name: string, type: Element, shape: readonly (number | string)[]): Buffer =>
  Buffer.concat([
    bytes(1, name),
    bytes(
      2,
      bytes(
        1,
        number(1, ELEMENT[type]),
        bytes(2, ...shape.map((size) => bytes(1, typeof size === 'number' ? number(1, size) : bytes(2, size)))),
      ),
    ),
  ]);

export interface GraphParts {
  readonly nodes?: readonly Buffer[];
  readonly tensors?: readonly Buffer[];
  readonly inputs?: readonly Buffer[];
  readonly outputs?: readonly Buffer[];
}

/** GraphProto. */
export const graph = ({ nodes = [], tensors = [], inputs = [], outputs = [] }: GraphParts): Buffer =>
  Buffer.concat([
    ...nodes.map((one) => bytes(1, one)),
    bytes(2, 'graph'),
    ...tensors.map((one) => bytes(5, one)),
    ...inputs.map((one) => bytes(11, one)),
    ...outputs.map((one) => bytes(12, one)),
  ]);

/** ModelProto, opset 17. */
export const model = (parts: GraphParts): Buffer =>
  Buffer.concat([number(1, 8), bytes(7, graph(parts)), bytes(8, number(2, 17))]);

/** Little-endian float32 values. */
export const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
