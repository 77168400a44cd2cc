/**
 * How many workers there are and how fast they are: an observation from the history, never a setting. No score depends
 * on it; it only sizes the blocks of work.
 *
 *   workers     the count that the store last saw polling, or those who answered in the last ANSWER_SECONDS if more
 *   seconds     per image and worker, a moving average over finished blocks
 */
const { ceil, floor, max, min } = Math;

/** A block that takes longer is cut: it is what a lost worker loses. */
export const MAX_BLOCK_SECONDS = 3;
/** A block that takes less is mostly overhead. */
const MIN_BLOCK_SECONDS = 0.1;
/** No image takes less than this, in seconds. */
const MIN_SECONDS = 1e-6;
/** The terms of a block come back in one payload of at most 2 MB. */
const MAX_BLOCK_IMAGES = 1000;
/** A worker that has not answered for so long is not counted. */
const ANSWER_SECONDS = 60;
/** Weight of the latest block in the moving average. */
const LATEST = 0.3;

/** What is known of the workers of one queue; plain JSON, carried through continue-as-new. */
export interface Pace {
  /** Workers that polled the queue when the store last looked. */
  readonly counted: number;
  /** Worker -> the workflow's time of its last answer, in milliseconds. */
  readonly answered: Readonly<Record<string, number>>;
  /** Null until the first block is done. */
  readonly secondsPerImage: number | null;
}

/** A finished block. */
export interface Answer {
  readonly worker: string;
  readonly images: number;
  readonly seconds: number;
  /** The workflow's time, in milliseconds. */
  readonly now: number;
}

/** Nothing but a count. */
export const startPace = (counted: number): Pace => ({ counted, answered: {}, secondsPerImage: null });

/** The pace after another look at who polls. */
export const recount = (pace: Pace, counted: number): Pace => ({ ...pace, counted });

/** The pace after an answer. */
export function answer(pace: Pace, { worker, images, seconds, now }: Answer): Pace {
  const recent = Object.entries(pace.answered).filter(([, at]) => now - at <= ANSWER_SECONDS * 1000);
  const latest = seconds / max(1, images);
  const before = pace.secondsPerImage;
  return {
    ...pace,
    answered: { ...Object.fromEntries(recent), [worker]: now },
    secondsPerImage: before === null ? latest : (1 - LATEST) * before + LATEST * latest,
  };
}

/** Workers to cut for, at least one. */
export function workersOf({ counted, answered }: Pace, now: number): number {
  const recent = Object.values(answered).filter((at) => now - at <= ANSWER_SECONDS * 1000).length;
  return max(1, counted, recent);
}

/**
 * Images of the next block: 3 seconds of work or half a fair share of what is left, whichever is less; whole network
 * batches, at least one. Blocks shrink towards the end, so that workers finish together.
 *
 * @param left images that no block holds yet, at least 1
 * @param batch images per network call
 * @param now the workflow's time, in milliseconds
 */
export function blockImages(pace: Pace, left: number, batch: number, now: number): number {
  const workers = workersOf(pace, now);
  const { secondsPerImage } = pace;
  const fair = ceil(left / workers);
  // Nobody knows yet how long an image takes: a batch tells.
  if (secondsPerImage === null) return min(left, batch);
  const seconds = max(secondsPerImage, MIN_SECONDS);
  const longest = floor(MAX_BLOCK_SECONDS / seconds);
  const shortest = min(fair, ceil(MIN_BLOCK_SECONDS / seconds), longest);
  const wanted = max(min(ceil(left / (2 * workers)), longest), shortest);
  const size = max(batch, batch * ceil(wanted / batch));
  return min(left, size, max(batch, floor(MAX_BLOCK_IMAGES / batch) * batch));
}

/**
 * Images that are still given out when the history is about to be closed: half a block per worker, so that a worker does
 * not wait for the longest of the blocks under way.
 *
 * @param left images that no block holds yet
 */
export function closingImages(pace: Pace, left: number, batch: number, now: number): number {
  const workers = workersOf(pace, now);
  return min(left, ceil((workers * blockImages(pace, left, batch, now)) / 2));
}

/** Blocks that may be in the queue at once: one under way and one waiting per worker, and room for those who join. */
export const outstandingBlocks = (pace: Pace, now: number): number => min(64, 2 * workersOf(pace, now) + 2);
