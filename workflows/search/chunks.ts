/**
 * How the open trials of a batch are cut into activities.
 *
 * Chunks shrink towards the end, so that workers finish together; what is too small to give two
 * workers a chunk each is cut through a candidate's images. The cut changes no score.
 */
import type { OpenTrial } from '../../contract/payloads.js';

const { ceil, floor, max, min } = Math;

/** Images that one activity makes at most, unless a single candidate has more: what a lost worker loses. */
const MAX_IMAGES = 320;
/** Workers that a batch is cut for. */
const WORKERS = 2;
/** A candidate is not cut into pieces smaller than a network batch. */
const MIN_IMAGES = 20;
/** A candidate with more images is cut: its terms come back in one payload, which may hold 2 MB. */
const MAX_IMAGES_PER_PIECE = 1000;
/** Images whose terms one wave brings into the history, which may hold 50 MB. */
const MAX_IMAGES_PER_WAVE = 20_000;

/**
 * @param trials what is open, in ask order
 * @param images images that a candidate has on this split
 * @returns chunks, in the order in which they are scheduled; together they hold every missing image once
 */
export function chunksOf(trials: readonly OpenTrial[], images: number): OpenTrial[][] {
  if (trials.length < WORKERS || images > MAX_IMAGES_PER_PIECE) {
    return trials.flatMap((trial) => piecesOf(trial, images)).map((piece) => [piece]);
  }
  const most = max(1, floor(MAX_IMAGES / images));
  const least = max(1, min(2, floor(trials.length / WORKERS)));
  const chunks: OpenTrial[][] = [];
  for (let start = 0; start < trials.length;) {
    const left = trials.length - start;
    const size = min(left, max(least, min(most, ceil(left / (left <= 2 * WORKERS * least ? WORKERS : 2 * WORKERS)))));
    chunks.push(trials.slice(start, start + size));
    start += size;
  }
  return chunks;
}

/**
 * Chunks that are scored before the workflow looks at the size of its history.
 *
 * @param images images that a candidate has on this split
 */
export function wavesOf(chunks: readonly OpenTrial[][], images: number): OpenTrial[][][] {
  const waves: OpenTrial[][][] = [];
  let room = 0;
  for (const chunk of chunks) {
    const size = chunk.reduce((sum, { missing }) => sum + (missing?.length ?? images), 0);
    if (waves.length === 0 || size > room) {
      waves.push([]);
      room = MAX_IMAGES_PER_WAVE;
    }
    waves.at(-1)!.push(chunk);
    room -= size;
  }
  return waves;
}

/** One candidate's missing images in as many pieces as there are workers, where they are enough; in more where they are too many. */
function piecesOf(trial: OpenTrial, images: number): OpenTrial[] {
  const missing = trial.missing ?? Array.from({ length: images }, (_, i) => i);
  const count = max(1, min(WORKERS, floor(missing.length / MIN_IMAGES)), ceil(missing.length / MAX_IMAGES_PER_PIECE));
  if (count === 1) return [trial];
  const size = ceil(missing.length / count / MIN_IMAGES) * MIN_IMAGES;
  const pieces: OpenTrial[] = [];
  for (let start = 0; start < missing.length; start += size) {
    pieces.push({ ...trial, missing: missing.slice(start, start + size) });
  }
  return pieces;
}
