/**
 * Protocol buffer messages read in place: a field that is not asked for is skipped with a seek, so that a graph with
 * gigabytes of weights costs a few reads.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A field of a message: a number, or the range of bytes that it spans in the file. */
export interface ProtoField {
  readonly field: number;
  /** The value of a varint; 0 for other fields. Numbers above 2^53 lose their last bits. */
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

/** An open file of one message. */
export interface ProtoFile {
  /** The fields of the message in [start, end), by default of the whole file. @throws Error if it is malformed */
  fields(start?: number, end?: number): Generator<ProtoField>;
  text(of: ProtoField): string;
}

const WINDOW = 1 << 16;
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/** Opens a file for the duration of `body`. */
export function readProto<T>(path: string, body: (file: ProtoFile) => T): T {
  const descriptor = openSync(path, 'r');
  try {
    return body(protoFile(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function protoFile(descriptor: number): ProtoFile {
  const { size } = fstatSync(descriptor);
  const window = Buffer.alloc(WINDOW);
  let first = 0;
  let last = 0;
  const byteAt = (at: number): number => {
    if (at < first || at >= last) {
      first = at;
      last = at + readSync(descriptor, window, 0, WINDOW, at);
      if (last === at) throw new Error('the file ends inside a field');
    }
    return window[at - first]!;
  };
  /** Base 128, the lowest group first. */
  const varint = (at: number): [value: number, next: number] => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7, at += 1) {
      const byte = byteAt(at);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return [value, at + 1];
    }
    throw new Error('a number takes more than ten bytes');
  };
  const fieldAt = (at: number): ProtoField => {
    const [tag, start] = varint(at);
    const field = Math.floor(tag / 8);
    const wire = tag % 8;
    if (field === 0) throw new Error('a field has the number 0');
    if (wire === VARINT) {
      const [value, end] = varint(start);
      return { field, value, start, end };
    }
    if (wire === FIXED64 || wire === FIXED32)
      return { field, value: 0, start, end: start + (wire === FIXED64 ? 8 : 4) };
    if (wire !== BYTES) throw new Error(`wire type ${wire} is not used by ONNX`);
    const [length, from] = varint(start);
    return { field, value: 0, start: from, end: from + length };
  };
  return {
    *fields(start = 0, end = size) {
      for (let at = start; at < end;) {
        const next = fieldAt(at);
        if (next.end > end) throw new Error('a field is longer than its message');
        yield next;
        at = next.end;
      }
    },
    text({ start, end }) {
      const bytes = Buffer.alloc(end - start);
      readSync(descriptor, bytes, 0, bytes.length, start);
      return bytes.toString('utf8');
    },
  };
}
