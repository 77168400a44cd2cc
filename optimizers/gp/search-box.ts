/** The maximum of a smooth function over a box: candidates, then a climb from the best of them. */
import { maximise, type Climb, type Evaluated } from './maximise.js';

const STARTS = 3;
const CLIMB = { iterations: 20, longest: 0.3, first: 0.1, enough: 1e-4 } satisfies Climb;

/** A box in units of the search space: its range is from 0 to 1, and a box that has grown reaches beyond. */
export interface Box {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

/** A function to be maximised, alone and with its gradient. */
export interface Hill {
  at(x: Float64Array): number;
  climb(x: Float64Array): Evaluated;
}

/** @param candidates at least one point of the box */
export function searchBox(hill: Hill, candidates: readonly Float64Array[], box: Box): Float64Array {
  const starts = candidates
    .map((x) => ({ x, value: hill.at(x) }))
    .sort((a, b) => b.value - a.value)
    .slice(0, STARTS);
  return starts
    .map(({ x }) => maximise((point) => hill.climb(point), x, { ...CLIMB, ...box }))
    .reduce((a, b) => (b.value > a.value ? b : a)).x;
}
