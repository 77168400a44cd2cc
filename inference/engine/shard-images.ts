/**
 * The images of one side of a comparison, from the records of its shards.
 */
import type { ArtefactStore } from '../../artefacts/artefact-store.js';
import { decodeShard } from '../../artefacts/shard-record.js';

/** An image of a shard. */
export interface ShardImage {
  readonly hash: string;
  /** Why there is no image; null if there is one. */
  readonly failed: string | null;
  /** The record that it comes from. */
  readonly record: string;
}

/** All images, in order. @param missing receives records that are gone or damaged */
export const shardImages = (records: readonly string[], artefacts: ArtefactStore, missing: Set<string>): ShardImage[] =>
  records.flatMap((record) => {
    const bytes = artefacts.get(record);
    const blocks = bytes === undefined ? undefined : decodeShard(bytes);
    if (blocks === undefined) missing.add(record);
    return (blocks ?? []).flatMap(({ images, failed }) => {
      const reasons = new Map(failed.map(({ at, reason }) => [at, reason]));
      return images.map((hash, at) => ({ hash, failed: reasons.get(at) ?? null, record }));
    });
  });
