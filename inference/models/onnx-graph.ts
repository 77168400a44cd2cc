/**
 * What an ONNX file says of itself, without loading it: inputs and outputs, files with further weights, and whether rows
 * of a batch depend on each other. Field numbers are those of onnx.proto3.
 */
import { messageOf, QschedError } from '../../contract/errors.js';
import { fileStamp } from './file-hashes.js';
import { withProtobufFile, type ProtobufFile, type Span } from './protobuf-file.js';

/** An input or output. */
export interface GraphValue {
  readonly name: string;
  /** float32, int64, ... */
  readonly type: string;
  /** A number if the size is fixed, else the name of the axis. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxGraph {
  /** What must be fed. */
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** Files with weights, as the graph names them: relative to the folder of the ONNX file. */
  readonly externalFiles: readonly string[];
  /** Whether activations are quantised with one scale for all rows of a batch (DynamicQuantizeLinear and its like). */
  readonly rowsDepend: boolean;
}

const TYPES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

const known = new Map<string, OnnxGraph>();

/**
 * Reads a file's structure; weights are skipped.
 *
 * @throws QschedError (usage) for a file that is not an ONNX model
 */
export function readGraph(path: string): OnnxGraph {
  const stamp = fileStamp(path);
  const found = known.get(stamp);
  if (found !== undefined) return found;
  let graph: OnnxGraph;
  try {
    graph = withProtobufFile(path, readModel);
  } catch (error) {
    throw new QschedError(
      'usage',
      `${path} is not an ONNX model: ${messageOf(error)}.`,
      'Export the network again. If the file was downloaded, check that it is complete and not a Git LFS pointer.',
    );
  }
  known.set(stamp, graph);
  return graph;
}

/** Collected over the graph, its subgraphs and functions. */
interface Collected {
  readonly external: Set<string>;
  rowsDepend: boolean;
}

function readModel(file: ProtobufFile): OnnxGraph {
  const collected: Collected = { external: new Set(), rowsDepend: false };
  let graph: Pick<OnnxGraph, 'inputs' | 'outputs'> | undefined;
  for (const { field, span } of file.fields(file.span)) {
    if (field === 7) graph = readGraphProto(file, span, collected);
    if (field === 25) readNodes(file, span, 7, collected);
  }
  if (graph === undefined) throw new Error('it holds no graph');
  return { ...graph, externalFiles: [...collected.external], rowsDepend: collected.rowsDepend };
}

function readGraphProto(file: ProtobufFile, graph: Span, collected: Collected): Pick<OnnxGraph, 'inputs' | 'outputs'> {
  const inputs: GraphValue[] = [];
  const outputs: GraphValue[] = [];
  const weights = new Set<string>();
  for (const { field, span } of file.fields(graph)) {
    if (field === 1) readNode(file, span, collected);
    if (field === 5) weights.add(readTensor(file, span, collected));
    if (field === 11) inputs.push(readValue(file, span));
    if (field === 12) outputs.push(readValue(file, span));
    if (field === 15) readSparse(file, span, collected);
  }
  return { inputs: inputs.filter(({ name }) => !weights.has(name)), outputs };
}

function readNodes(file: ProtobufFile, owner: Span, nodes: number, collected: Collected): void {
  for (const { field, span } of file.fields(owner)) if (field === nodes) readNode(file, span, collected);
}

function readNode(file: ProtobufFile, node: Span, collected: Collected): void {
  for (const { field, span } of file.fields(node)) {
    if (field === 4 && file.text(span).startsWith('DynamicQuantize')) collected.rowsDepend = true;
    if (field === 5) readAttribute(file, span, collected);
  }
}

function readAttribute(file: ProtobufFile, attribute: Span, collected: Collected): void {
  for (const { field, span } of file.fields(attribute)) {
    if (field === 5 || field === 10) readTensor(file, span, collected);
    if (field === 6 || field === 11) readGraphProto(file, span, collected);
    if (field === 22 || field === 23) readSparse(file, span, collected);
  }
}

/** Values and indices of a sparse tensor. */
function readSparse(file: ProtobufFile, sparse: Span, collected: Collected): void {
  for (const { field, span } of file.fields(sparse)) if (field < 3) readTensor(file, span, collected);
}

/** Notes the file that holds the tensor's data, if it is not this one; returns the tensor's name. */
function readTensor(file: ProtobufFile, tensor: Span, collected: Collected): string {
  let name = '';
  let location = '';
  let external = false;
  for (const { field, value, span } of file.fields(tensor)) {
    if (field === 8) name = file.text(span);
    if (field === 13) location = readLocation(file, span) ?? location;
    if (field === 14) external = value === 1;
  }
  if (external) collected.external.add(location);
  return name;
}

function readLocation(file: ProtobufFile, entry: Span): string | undefined {
  let key = '';
  let value = '';
  for (const { field, span } of file.fields(entry)) {
    if (field === 1) key = file.text(span);
    if (field === 2) value = file.text(span);
  }
  return key === 'location' ? value : undefined;
}

function readValue(file: ProtobufFile, info: Span): GraphValue {
  let name = '';
  let type = 'no tensor';
  const shape: (number | string)[] = [];
  for (const { field, span } of file.fields(info)) {
    if (field === 1) name = file.text(span);
    if (field !== 2) continue;
    for (const tensor of file.fields(span)) {
      if (tensor.field !== 1) continue;
      for (const part of file.fields(tensor.span)) {
        if (part.field === 1) type = TYPES[part.value] ?? `type ${part.value}`;
        if (part.field !== 2) continue;
        for (const { field: dimension, span: own } of file.fields(part.span)) {
          if (dimension === 1) shape.push(readDimension(file, own));
        }
      }
    }
  }
  return { name, type, shape };
}

function readDimension(file: ProtobufFile, dimension: Span): number | string {
  for (const { field, value, span } of file.fields(dimension)) {
    if (field === 1) return value;
    if (field === 2) return file.text(span);
  }
  return '';
}
