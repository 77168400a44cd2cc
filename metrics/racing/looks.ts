/**
 * When candidates of a race are compared: after a first block of (prompt, seed) pairs, and whenever they have at least doubled.
 */
const { ceil, floor, log2, max, min } = Math;

/** Pairs of the first block, at least: a paired t test needs a spread. */
const LEAST = 4;
/** First blocks that are tried before one is taken that leaves part of a network call empty. */
const MOST = 12;

/**
 * Pairs of the first block: as few as fill whole network calls with one generation, else those of 4 to 12 that leave the
 * least empty.
 *
 * @param candidates candidates of a generation
 * @param batch rows of a network call
 */
export function firstBlock(candidates: number, batch: number): number {
  let best = LEAST;
  let least = Infinity;
  for (let pairs = LEAST; pairs <= MOST; pairs += 1) {
    const rows = candidates * pairs;
    const empty = (ceil(rows / batch) * batch) / rows - 1;
    if (empty < least) [best, least] = [pairs, empty];
  }
  return best;
}

/**
 * Pairs at the next comparison: twice as many as at this one, or as many more as fill a network call with the
 * candidates that are left. What would then remain is taken along if it is less than a quarter.
 *
 * @param reached pairs at this comparison; 0 at the start
 * @param alive candidates that are left, at least 1
 * @returns `pairs` at the end
 */
export function nextLook(
  { block, batch, pairs }: { readonly block: number; readonly batch: number; readonly pairs: number },
  reached: number,
  alive: number,
): number {
  const next = reached === 0 ? block : reached + max(reached, ceil(batch / alive));
  return pairs - next < next / 4 ? pairs : next;
}

/**
 * Pairs that are enough where a model compares the candidates: the first block until twice as many candidates were told as a
 * search usually has, then twice the pairs until twice as many, and so on. The more candidates there are, the smaller the
 * differences that are still to be found.
 *
 * @param told candidates that were told before
 * @param usual candidates that a search usually has
 */
export const enoughPairs = (block: number, told: number, usual: number): number =>
  block * 2 ** floor(log2(max(1, told / usual)));

/** Comparisons of a race at most: each doubles the pairs. */
export function mostLooks(block: number, pairs: number): number {
  let looks = 0;
  for (let reached = block; reached < pairs; reached *= 2) looks += 1;
  return max(1, looks);
}

/**
 * The order in which a race takes the pairs of a split: every prompt with the first seed, then with the second, ...
 *
 * @returns indices prompt * seeds + seed
 */
export function raceOrder(prompts: number, seeds: number): number[] {
  return Array.from({ length: prompts * seeds }, (_, i) => (i % prompts) * seeds + min(seeds - 1, (i / prompts) | 0));
}
