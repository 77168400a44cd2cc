/**
 * Coefficients of one candidate: c^x and c^eps, one of each per step (paper, Eq. 2).
 */

/** Two numbers per step; both arrays have as many entries as the schedule has steps. */
export interface Coefficients {
  /** c^x: scales the sample x_t before the update. */
  readonly sample: readonly number[];
  /** c^eps: scales the network's output before the update. */
  readonly noise: readonly number[];
}
