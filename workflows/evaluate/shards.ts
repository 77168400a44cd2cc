/**
 * How the images of an evaluation are cut into activities.
 */
import { BLOCK } from '../../contract/evaluate-payloads.js';
import type { PromptSplit } from '../../contract/payloads.js';

const { ceil, floor, max, min } = Math;

/** Activities of one evaluation at most: its history stays far below the server's limit. */
const MAX_SHARDS = 1500;

/** Images of one schedule, from pair `from` up to but not including `to`. */
export interface Shard {
  /** Which schedule, by its place in the list. */
  readonly of: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Shards of all schedules: those of one network follow each other, and the schedules of a network
 * take turns, so that a worker finds the network loaded and the first network call of a pair known.
 *
 * @param networks the network of each schedule, by number
 * @param images images of each schedule
 */
export function shardsOf(networks: readonly number[], images: number, most = MAX_SHARDS): Shard[] {
  const blocks = ceil(images / BLOCK);
  const shardsEach = max(1, min(blocks, floor(most / max(1, networks.length))));
  const size = ceil(blocks / shardsEach) * BLOCK;
  const shards: Shard[] = [];
  for (const network of new Set(networks)) {
    for (let from = 0; from < images; from += size) {
      networks.forEach((one, of) => {
        if (one === network) shards.push({ of, from, to: min(images, from + size) });
      });
    }
  }
  return shards;
}

/** The part of a split that a shard needs: a set stays a reference, texts of the spec are cut to those that it draws. */
export function shardSplit(
  split: PromptSplit,
  { from, to }: Pick<Shard, 'from' | 'to'>,
): { split: PromptSplit; from: number; to: number } {
  if (split.texts === null) return { split, from, to };
  const seeds = split.seeds.length;
  const first = floor(from / seeds);
  const texts = split.texts.slice(first, ceil(to / seeds));
  return { split: { ...split, texts, count: texts.length }, from: from - first * seeds, to: to - first * seeds };
}
