/**
 * Memory of a network's weights. ONNX Runtime keeps them in the layout of its kernels: on a CPU it copies convolutions
 * into blocks, and computes float16 in float32. Measured with 1.30 on x64 (AVX-512), bytes in memory per byte of the
 * file: matrices 1.0 in float32 and 2.3 in float16, convolutions 2.0 and 4.5, and 6.6 while these are loaded.
 */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileStamp } from './file-hashes.js';
import { readGraph } from './onnx-graph.js';
import { withProtobufFile, type ProtobufFile, type Span } from './protobuf-file.js';

/** Bytes of a network's weights. */
export interface WeightBytes {
  /** In its files. */
  readonly files: number;
  /** In memory once it is open. */
  readonly open: number;
  /** In memory at most, while it is opened. */
  readonly opening: number;
}

interface Factors {
  readonly open: number;
  readonly opening: number;
}

const FLOAT32 = 1;
const FLOAT16 = 10;
/** Bytes of an element; what is not listed is whole numbers of at most 8 bits. */
const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  1: 4,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
};
/** Convolutions have an axis per direction beside channels in and out. */
const CONVOLUTION_AXES = 3;

function factorsOf(type: number, axes: number): Factors {
  const convolution = axes >= CONVOLUTION_AXES;
  if (type === FLOAT16) return convolution ? { open: 4.5, opening: 6.6 } : { open: 2.3, opening: 3.2 };
  if (type === FLOAT32) return convolution ? { open: 2, opening: 3 } : { open: 1, opening: 1.1 };
  // Whole numbers: as they are, and packed for the kernels.
  return { open: 2, opening: 2 };
}

const known = new Map<string, WeightBytes>();

/**
 * Weights of a network, its external data included.
 *
 * @param cpu whether it runs on a CPU; elsewhere weights are taken as they are
 * @throws QschedError (usage) for a file that is not an ONNX model
 */
export function weightBytes(path: string, cpu = true): WeightBytes {
  const key = `${cpu}|${fileStamp(path)}`;
  const found = known.get(key) ?? measure(path, cpu);
  known.set(key, found);
  return found;
}

function measure(path: string, cpu: boolean): WeightBytes {
  const all = [path, ...readGraph(path).externalFiles.map((file) => join(dirname(path), file))];
  const files = all.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  if (!cpu) return { files, open: files, opening: 2 * files };
  const sums = { inGraph: 0, open: 0, opening: 0 };
  withProtobufFile(path, (file) => {
    for (const { field, span } of file.fields(file.span)) if (field === 7) addGraph(file, span, sums);
  });
  // Weights inside the graph are in memory as they are read.
  return { files, open: sums.open, opening: sums.opening + sums.inGraph };
}

function addGraph(file: ProtobufFile, graph: Span, sums: { inGraph: number; open: number; opening: number }): void {
  for (const { field, span } of file.fields(graph)) {
    if (field !== 5) continue;
    const dims: number[] = [];
    let type = FLOAT32;
    let isOutside = false;
    for (const part of file.fields(span)) {
      if (part.field === 1) {
        if (part.span.end > part.span.start) dims.push(...file.numbers(part.span));
        else dims.push(part.value);
      }
      if (part.field === 2) type = part.value;
      if (part.field === 14) isOutside = part.value === 1;
    }
    const bytes = dims.reduce((product, size) => product * size, ELEMENT_BYTES[type] ?? 1);
    const { open, opening } = factorsOf(type, dims.length);
    sums.open += open * bytes;
    sums.opening += opening * bytes;
    if (!isOutside) sums.inGraph += bytes;
  }
}
