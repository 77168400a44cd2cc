/**
 * First-order Sobol indices: the share of a function's variance over a box that one coordinate explains alone,
 *
 *   S_i = V[E[f(x) | x_i]] / V[f(x)],   V[E[f | x_i]] ~ 1/N sum_j f(B)_j (f(A_B^i)_j - f(A)_j)
 *
 * where A and B are two independent samples and A_B^i is A with column i of B (Saltelli et al. 2010, Table 2, (b); as in
 * SALib and scipy.stats.sobol_indices). What is missing to 1 are interactions.
 */
/** A number in [0, 1): of a point of the sample, along one of its columns. */
export type UnitSample = (point: number, column: number) => number;

/**
 * @param f of a point of the unit box
 * @param dimension coordinates of a point
 * @param sample columns 0 to dimension - 1 are A, the next `dimension` are B; quasi-random for accuracy
 * @param count points of the sample
 * @returns one index per coordinate, at least 0; null if the function does not vary
 */
export function firstOrderIndices(
  f: (point: readonly number[]) => number,
  dimension: number,
  sample: UnitSample,
  count: number,
): number[] | null {
  const rows = (first: number): number[][] =>
    Array.from({ length: count }, (_, j) => Array.from({ length: dimension }, (_c, i) => sample(j, first + i)));
  const [a, b] = [rows(0), rows(dimension)];
  const [ofA, ofB] = [a.map((point) => f(point)), b.map((point) => f(point))];
  const mean = [...ofA, ...ofB].reduce((sum, value) => sum + value, 0) / (2 * count);
  const variance = [...ofA, ...ofB].reduce((sum, value) => sum + (value - mean) ** 2, 0) / (2 * count);
  if (!(variance > 1e-24 * (1 + mean ** 2))) return null;
  return Array.from({ length: dimension }, (_, i) => {
    const explained = a.reduce((sum, point, j) => {
      const mixed = point.with(i, b[j]![i]!);
      return sum + (ofB[j]! - mean) * (f(mixed) - ofA[j]!);
    }, 0);
    return Math.max(0, explained / count / variance);
  });
}
