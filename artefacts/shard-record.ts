/**
 * The record of one shard of an evaluation, itself an artefact: it leads from a row of a table to its images, terms and
 * features.
 */

/** Images whose numbers are kept together. */
export interface BlockRecord {
  /** Hash of each image, in order. */
  readonly images: readonly string[];
  /** Images that failed, by place in the block. */
  readonly failed: readonly { readonly at: number; readonly reason: string }[];
  /** Tables of images x terms; rows of failed images are NaN. */
  readonly terms: readonly { readonly scorer: string; readonly names: readonly string[]; readonly hash: string }[];
  /** Table of images x features; null without features. */
  readonly features: string | null;
}

const FORMAT = 'qsched-shard/2';

interface ShardRecord {
  readonly format: typeof FORMAT;
  readonly blocks: readonly BlockRecord[];
}

/** A shard's blocks, in order, as bytes. */
export const encodeShard = (blocks: readonly BlockRecord[]): Uint8Array => {
  const record: ShardRecord = { format: FORMAT, blocks };
  return Buffer.from(JSON.stringify(record));
};

/** The inverse; undefined for bytes that are not such a record. */
export function decodeShard(bytes: Uint8Array): readonly BlockRecord[] | undefined {
  try {
    const { format, blocks } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<ShardRecord>;
    return format === FORMAT && Array.isArray(blocks) ? (blocks as readonly BlockRecord[]) : undefined;
  } catch {
    return undefined;
  }
}
