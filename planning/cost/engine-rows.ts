/**
 * How many rows the engine computes for images that are given out block by block: what inference/engine does, as arithmetic.
 *
 *   step 1         one row per (prompt, seed) pair that the process does not remember
 *   steps 2..N     one row per distinct trajectory: per image, unless candidates begin with equal coefficients
 *   padded rows    each step's rows, in whole network calls
 *
 * Blocks that are cut because images would not fit in memory are not modelled: a block holds seconds of work.
 */
const { ceil, floor, min } = Math;

/** Images that wait in memory at once where images are kept (score-job.ts). */
const KEPT_IMAGES = 40;

/** What decides the rows of a network. */
export interface RowRules {
  /** Steps of the schedule, N. */
  readonly steps: number;
  /** Rows per call of the denoiser. */
  readonly batch: number;
  /** Rows of a call per latent: 2 with classifier-free guidance, else 1. */
  readonly rowsPerLatent: number;
  /** First calls that a process remembers. */
  readonly remembered: number;
}

/** What was counted. */
export interface RowCounts {
  readonly images: number;
  /** Rows of the denoiser, without and with padding. */
  readonly denoiserRows: number;
  readonly paddedRows: number;
  /** Latents that are decoded: images whose trajectories differ. */
  readonly decodes: number;
}

/** Candidates that are worked on together, on some pairs, in the order of work.ts: through pairs, then candidates. */
export interface Slab {
  readonly candidates: number;
  /** Names of the pairs, in order. */
  readonly pairs: readonly number[];
  /**
   * For each level 1..N, the number of distinct trajectories among candidates `from` to `to` - 1 after that many steps; by
   * default all differ.
   */
  readonly distinct?: (level: number, from: number, to: number) => number;
}

export const NOTHING: RowCounts = { images: 0, denoiserRows: 0, paddedRows: 0, decodes: 0 };

/** Images of a slab, numbered through pairs and candidates: `from` to `to` - 1. */
type Part = readonly [from: number, to: number];

/** Sum of two counts. */
export const addCounts = (one: RowCounts, two: RowCounts): RowCounts => ({
  images: one.images + two.images,
  denoiserRows: one.denoiserRows + two.denoiserRows,
  paddedRows: one.paddedRows + two.paddedRows,
  decodes: one.decodes + two.decodes,
});

/**
 * One scoring process, which remembers the first calls that it made.
 *
 * @returns what a block takes; `kept` for images that are kept as artefacts, which are made one network call at a time
 */
export function engineRows({ steps, batch, rowsPerLatent, remembered }: RowRules) {
  const known = new Set<number>();
  const padded = (latents: number): number => batch * ceil((latents * rowsPerLatent) / batch);

  /** Pairs whose first call is not remembered; it is from now on. */
  function firstCalls(pairs: readonly number[]): number {
    const open = pairs.filter((pair) => !known.delete(pair) || !known.add(pair)); // the latest used is the last
    for (const pair of open) known.add(pair);
    for (const oldest of known) {
      if (known.size <= remembered) break;
      known.delete(oldest);
    }
    return open.length;
  }

  function call(slab: Slab, part: Part): RowCounts {
    const rows = [firstCalls(pairsOf(slab, part))];
    for (let level = 1; level <= steps; level += 1) rows.push(trajectories(slab, part, level));
    const decodes = rows.pop()!;
    return {
      images: part[1] - part[0],
      denoiserRows: rowsPerLatent * rows.reduce((sum, latents) => sum + latents, 0),
      paddedRows: rows.reduce((sum, latents) => sum + padded(latents), 0),
      decodes,
    };
  }

  return (slab: Slab, part: Part, kept = false): RowCounts =>
    (kept ? slicesOf(part, KEPT_IMAGES).flatMap((one) => slicesOf(one, batch)) : [part])
      .map((one) => call(slab, one))
      .reduce(addCounts, NOTHING);
}

/** Pairs that a part of a slab is on. */
const pairsOf = ({ candidates, pairs }: Slab, [from, to]: Part): readonly number[] =>
  pairs.slice(floor(from / candidates), floor((to - 1) / candidates) + 1);

/** Distinct trajectories after `level` steps in a part of a slab, pair by pair. */
function trajectories({ candidates, distinct = (_, a, b) => b - a }: Slab, [from, to]: Part, level: number): number {
  const [first, last] = [floor(from / candidates), floor((to - 1) / candidates)];
  const [start, end] = [from % candidates, ((to - 1) % candidates) + 1];
  if (first === last) return distinct(level, start, end);
  const whole = last - first - 1;
  return (
    distinct(level, start, candidates) +
    (whole > 0 ? whole * distinct(level, 0, candidates) : 0) +
    distinct(level, 0, end)
  );
}

function slicesOf([from, to]: Part, size: number): Part[] {
  const slices: Part[] = [];
  for (let at = from; at < to; at += size) slices.push([at, min(to, at + size)]);
  return slices;
}
