/**
 * Bytes that are used again. A large array per call would make the garbage collector run every few calls: it counts what
 * lies outside the heap.
 */

const KEPT = 2;

/** Arrays of bytes for one use after the other. */
export interface BytePool {
  /** Exactly so many bytes, at the start of a buffer; what they hold is left from before. */
  take(size: number): Uint8Array<ArrayBuffer>;
  /** Nobody reads or writes these any more. */
  give(bytes: Uint8Array<ArrayBuffer>): void;
}

/** A pool without any bytes yet. */
export function bytePool(): BytePool {
  const free: ArrayBuffer[] = [];
  return {
    take(size) {
      const at = free.findIndex(({ byteLength }) => byteLength >= size);
      const buffer = at === -1 ? new ArrayBuffer(size) : free.splice(at, 1)[0]!;
      return new Uint8Array(buffer, 0, size);
    },
    give({ buffer }) {
      free.unshift(buffer);
      free.length = Math.min(free.length, KEPT);
    },
  };
}
