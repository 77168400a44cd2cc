/**
 * Distinct trajectories among candidates whose coefficients are known, such as those of a grid.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { Slab } from './engine-rows.js';

/** For each level, the number of distinct trajectories among some of the candidates: by the coefficients up to there. */
export function distinctTrajectories(candidates: readonly Coefficients[]): NonNullable<Slab['distinct']> {
  const steps = candidates[0]?.sample.length ?? 0;
  /** groups[level][k]: a number for the coefficients of candidate k's first `level` steps. */
  const groups = [new Int32Array(candidates.length)];
  for (let level = 1; level <= steps; level += 1) {
    const known = new Map<string, number>();
    const before = groups[level - 1]!;
    groups.push(
      Int32Array.from(candidates, ({ sample, noise }, k) => {
        const key = `${before[k]} ${sample[level - 1]} ${noise[level - 1]}`;
        const group = known.get(key) ?? known.size;
        known.set(key, group);
        return group;
      }),
    );
  }
  return (level, from, to) => new Set(groups[level]!.subarray(from, to)).size;
}
