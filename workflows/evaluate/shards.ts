/**
 * How the images of an evaluation are cut into activities.
 */
import { BLOCK_IMAGES } from '../../contract/wire/render.js';

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
 * Shards of all schedules, made when they are asked for. Those of one network follow each other, and the schedules of a
 * network take turns on the same pairs: a worker finds the network loaded and the first network call of a pair known.
 */
export class Shards {
  private readonly groups: number[][];
  private readonly least: number;
  private group = 0;
  private from = 0;
  private readonly ready: Shard[] = [];
  private open: number;

  /**
   * @param networks the network of each schedule, by number
   * @param images images of each schedule
   */
  constructor(
    networks: readonly number[],
    private readonly images: number,
  ) {
    this.groups = [...new Set(networks)].map((network) => networks.flatMap((one, of) => (one === network ? [of] : [])));
    const shardsEach = max(1, floor(MAX_SHARDS / max(1, networks.length)));
    this.least = ceil(images / shardsEach / BLOCK_IMAGES) * BLOCK_IMAGES;
    this.open = networks.length * images;
  }

  /** Images that no shard holds yet. */
  get left(): number {
    return this.open;
  }

  /** The next shard, of about so many images in whole blocks; null if nothing is left. */
  take(images: number): Shard | null {
    if (this.ready.length === 0) this.cut(images);
    const shard = this.ready.shift() ?? null;
    if (shard !== null) this.open -= shard.to - shard.from;
    return shard;
  }

  private cut(images: number): void {
    const group = this.groups[this.group];
    if (group === undefined) return;
    const size = max(this.least, BLOCK_IMAGES * ceil(images / BLOCK_IMAGES));
    const { from } = this;
    const to = min(this.images, from + size);
    for (const of of group) this.ready.push({ of, from, to });
    this.from = to;
    if (to < this.images) return;
    this.group += 1;
    this.from = 0;
  }
}
