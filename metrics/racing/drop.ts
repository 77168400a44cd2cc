/**
 * Which candidates of a race are clearly worse than the leader, by a paired t test over prompts (Maron and Moore 1997, with
 * the differences paired as in irace, Lopez-Ibanez et al. 2016). Candidates share their prompts and seeds, so a
 * difference has far less noise than a score.
 */
import { mean } from '../statistics/statistics.js';
import { studentQuantile } from '../statistics/student.js';

const { sqrt } = Math;

/** Scores of the images that a candidate has so far, in the order of the race. */
type Partial = readonly number[];

/** From this level on there is no test: whoever is behind the leader is dropped. */
const NO_TEST = 0.5;

/**
 * The level of each of several comparisons, for a level over all of them (Bonferroni). 0.5 stays 0.5: every comparison
 * drops whoever is behind, as racing in ROAR and SMAC does (Hutter et al. 2011).
 */
export const levelOf = (alpha: number, looks: number): number => (alpha >= NO_TEST ? NO_TEST : alpha / looks);

/**
 * @param rivals candidates that are not in question: the baseline, and the best so far
 * @param alive candidates in question
 * @param prompts prompts of the split: score i is one of prompt i mod prompts
 * @param alpha one-sided level of this comparison, at most 0.5
 * @returns for each of `alive`, whether it is dropped; the leader never is, and nobody for fewer than two prompts
 */
export function dropped(
  rivals: readonly Partial[],
  alive: readonly Partial[],
  prompts: number,
  alpha: number,
): boolean[] {
  if (alive.length === 0) return [];
  const all = [...rivals, ...alive];
  const leader = all.reduce((best, one) => (mean(one) > mean(best) ? one : best));
  const clusters = Math.min(prompts, leader.length);
  if (clusters < 2) return alive.map(() => false);
  const critical = alpha >= NO_TEST ? 0 : studentQuantile(1 - 2 * alpha, clusters - 1);
  return alive.map((one) => one !== leader && -statistic(one, leader, prompts) > critical);
}

/** t of the mean difference `one` - `other`, prompts as the independent units; 0 where there is no difference at all. */
function statistic(one: Partial, other: Partial, prompts: number): number {
  const sums: number[] = [];
  const counts: number[] = [];
  one.forEach((score, i) => {
    const prompt = i % prompts;
    sums[prompt] = (sums[prompt] ?? 0) + score - other[i]!;
    counts[prompt] = (counts[prompt] ?? 0) + 1;
  });
  const differences = sums.map((sum, prompt) => sum / counts[prompt]!);
  const n = differences.length;
  const gain = mean(differences);
  const variance = differences.reduce((sum, x) => sum + (x - gain) ** 2, 0) / (n - 1);
  if (variance === 0) return gain === 0 ? 0 : Math.sign(gain) * Infinity;
  return gain / sqrt(variance / n);
}
