/**
 * The record of a run of pairs, itself an artefact: the images of both sides, and one row of scores per pair.
 */
import { decodeFloats, encodeFloats } from '../contract/float-text.js';

/** Pairs, in order. */
export interface PairRecord {
  /** Names of the scores, in the order of a row. */
  readonly scores: readonly string[];
  /** Hashes of the images of both sides. */
  readonly reference: readonly string[];
  readonly candidate: readonly string[];
  /** Pairs without all scores, by place. */
  readonly failed: readonly { readonly at: number; readonly reason: string }[];
  /** Pairs x scores; NaN where a score failed, a whole row of NaN where an image did. */
  readonly values: Float64Array;
}

const FORMAT = 'qsched-pairs/1';

/** The record as bytes. */
export const encodePairs = ({ values, ...record }: PairRecord): Uint8Array =>
  Buffer.from(JSON.stringify({ format: FORMAT, ...record, values: encodeFloats(values) }));

/** The inverse; undefined for bytes that are not such a record. */
export function decodePairs(bytes: Uint8Array): PairRecord | undefined {
  try {
    const { format, values, ...record } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Omit<
      PairRecord,
      'values'
    > & { readonly format?: unknown; readonly values?: unknown };
    if (format !== FORMAT || typeof values !== 'string') return undefined;
    const { scores, reference, candidate, failed } = record;
    const decoded = decodeFloats(values);
    const whole = decoded.length === scores.length * reference.length && reference.length === candidate.length;
    return whole ? { scores, reference, candidate, failed, values: decoded } : undefined;
  } catch {
    return undefined;
  }
}
