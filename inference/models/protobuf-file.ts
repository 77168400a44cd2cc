/**
 * Fields of protocol buffers in a file, read on demand: what is not asked for, such as weights, is skipped
 * without being read.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const WINDOW = 64 * 1024;

/** One field of a message. */
export interface Field {
  /** Its number in the schema. */
  readonly field: number;
  /** Of a number in base 128; 0 for other fields. */
  readonly value: number;
  /** Where its bytes are in the file, of a field with a length or of 4 or 8 bytes; empty for numbers in base 128. */
  readonly span: Span;
}

/** Bytes of the file, from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A file that is open while `use` runs. */
export interface ProtobufFile {
  /** The whole file. */
  readonly span: Span;
  /** Fields of a message in turn. @throws Error if the bytes are not a message */
  fields(span: Span): Generator<Field>;
  bytes(span: Span): Buffer;
  text(span: Span): string;
  /** Packed numbers. */
  numbers(span: Span): number[];
}

/** Opens a file for the time of a call. */
export function withProtobufFile<T>(path: string, use: (file: ProtobufFile) => T): T {
  const handle = openSync(path, 'r');
  try {
    return use(readerOf(handle));
  } finally {
    closeSync(handle);
  }
}

function readerOf(handle: number): ProtobufFile {
  const window = Buffer.alloc(WINDOW);
  let from = 0;
  let filled = 0;

  function byteAt(position: number): number {
    if (position < from || position >= from + filled) {
      from = position;
      filled = readSync(handle, window, 0, WINDOW, position);
      if (filled === 0) throw new Error('it ends in the middle of a field');
    }
    return window[position - from]!;
  }

  /** Base 128, the lowest digits first. Above 2^53 it is not exact, which only values that nobody asks for are. */
  function varint(start: number, end: number): { value: number; next: number } {
    let value = 0;
    for (let at = start; at < Math.min(end, start + 10); at += 1) {
      const byte = byteAt(at);
      value += (byte & 0x7f) * 2 ** (7 * (at - start));
      if (byte < 0x80) return { value, next: at + 1 };
    }
    throw new Error('it has a number without an end');
  }

  function* fields({ start, end }: Span): Generator<Field> {
    for (let at = start; at < end;) {
      const key = varint(at, end);
      const field = Math.floor(key.value / 8);
      const wire = key.value % 8;
      if (wire === 0) {
        const { value, next } = varint(key.next, end);
        yield { field, value, span: { start: next, end: next } };
        at = next;
        continue;
      }
      if (wire !== 1 && wire !== 2 && wire !== 5) throw new Error(`it has a field of the unknown type ${wire}`);
      const length = wire === 2 ? varint(key.next, end) : { value: wire === 1 ? 8 : 4, next: key.next };
      at = length.next + length.value;
      if (field === 0 || at > end) throw new Error('it has a field that is longer than its message');
      yield { field, value: 0, span: { start: length.next, end: at } };
    }
  }

  function bytes({ start, end }: Span): Buffer {
    const found = Buffer.alloc(end - start);
    readSync(handle, found, 0, found.length, start);
    return found;
  }

  return {
    span: { start: 0, end: fstatSync(handle).size },
    fields,
    bytes,
    text: (span) => bytes(span).toString('utf8'),
    numbers({ start, end }) {
      const found: number[] = [];
      for (let at = start; at < end;) {
        const { value, next } = varint(at, end);
        found.push(value);
        at = next;
      }
      return found;
    },
  };
}
