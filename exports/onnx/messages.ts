/**
 * The messages of onnx.proto3 that a small graph needs. Field numbers are those of onnx 1.23 (IR version 8).
 */
import protobuf from 'protobufjs/light.js';

const one = (type: string, id: number) => ({ type, id });
const many = (type: string, id: number) => ({ rule: 'repeated', type, id });

const { nested } = protobuf.Root.fromJSON({
  nested: {
    Entry: { fields: { key: one('string', 1), value: one('string', 2) } },
    Opset: { fields: { domain: one('string', 1), version: one('int64', 2) } },
    Dimension: { fields: { value: one('int64', 1), param: one('string', 2) } },
    Shape: { fields: { dim: many('Dimension', 1) } },
    TensorType: { fields: { elemType: one('int32', 1), shape: one('Shape', 2) } },
    Type: { fields: { tensorType: one('TensorType', 1) } },
    Value: { fields: { name: one('string', 1), type: one('Type', 2) } },
    Tensor: {
      fields: { dims: many('int64', 1), dataType: one('int32', 2), name: one('string', 8), rawData: one('bytes', 9) },
    },
    Attribute: { fields: { name: one('string', 1), i: one('int64', 3), type: one('int32', 20) } },
    Node: {
      fields: {
        input: many('string', 1),
        output: many('string', 2),
        opType: one('string', 4),
        attribute: many('Attribute', 5),
      },
    },
    Graph: {
      fields: {
        node: many('Node', 1),
        name: one('string', 2),
        initializer: many('Tensor', 5),
        input: many('Value', 11),
        output: many('Value', 12),
      },
    },
    Model: {
      fields: {
        irVersion: one('int64', 1),
        producerName: one('string', 2),
        producerVersion: one('string', 3),
        docString: one('string', 6),
        graph: one('Graph', 7),
        opsetImport: many('Opset', 8),
        metadataProps: many('Entry', 14),
      },
    },
  },
}) as unknown as { nested: { Model: protobuf.Type } };
const { Model } = nested;

/** TensorProto.DataType. */
export const ELEMENT = { float32: 1, int64: 7, float16: 10, double: 11 } as const;
export type Element = keyof typeof ELEMENT;

export interface Value {
  readonly name: string;
  readonly element: Element;
  /** Numbers, or names of free axes. */
  readonly shape: readonly (number | string)[];
}

export interface Tensor {
  readonly name: string;
  readonly element: Element;
  readonly dims: readonly number[];
  /** Little-endian. */
  readonly data: Uint8Array;
}

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  /** Attributes, whole numbers. */
  readonly attributes?: Readonly<Record<string, number>>;
}

export interface GraphModel {
  readonly name: string;
  readonly doc: string;
  readonly producerVersion: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly tensors: readonly Tensor[];
  readonly nodes: readonly Node[];
}

const INT = 2;
const OPSET = 17;

/** The bytes of an ONNX model, opset 17. */
export function encodeModel({ name, doc, producerVersion, metadata, inputs, outputs, tensors, nodes }: GraphModel) {
  return Model.encode(
    Model.fromObject({
      irVersion: 8,
      producerName: 'qsched',
      producerVersion,
      docString: doc,
      opsetImport: [{ domain: '', version: OPSET }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name,
        input: inputs.map(valueInfo),
        output: outputs.map(valueInfo),
        initializer: tensors.map(({ element, data, ...tensor }) => ({
          ...tensor,
          dataType: ELEMENT[element],
          rawData: data,
        })),
        node: nodes.map(({ op, inputs: input, output, attributes = {} }) => ({
          opType: op,
          input,
          output: [output],
          attribute: Object.entries(attributes).map(([key, i]) => ({ name: key, i, type: INT })),
        })),
      },
    }),
  ).finish();
}

const valueInfo = ({ name, element, shape }: Value) => ({
  name,
  type: {
    tensorType: {
      elemType: ELEMENT[element],
      shape: { dim: shape.map((size) => (typeof size === 'number' ? { value: size } : { param: size })) },
    },
  },
});

/** Metadata of an ONNX model. @throws Error if the bytes are not a model */
export function readMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  const { metadataProps = [] } = Model.toObject(Model.decode(bytes)) as {
    metadataProps?: readonly { key: string; value: string }[];
  };
  return Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
}
