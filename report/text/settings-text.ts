/**
 * What decides how a search looks for candidates, in words: its race and its range.
 */
import { comparesByModel } from '../../contract/spec-defaults.js';
import type { SearchSpec } from '../../contract/search-spec.js';

/** When candidates leave a race, and by what. */
export function racingText(spec: SearchSpec): string {
  const { racing } = spec;
  if (typeof racing !== 'object') return 'off: every candidate is scored on all pairs';
  const { alpha, block } = racing;
  const first = block === undefined ? 'the first pairs, as many as fill the network calls' : `the first ${block} pairs`;
  if (comparesByModel(spec)) {
    return `candidates are scored on ${first}, and on all of them only where the model of the surface needs more`;
  }
  const whole = `candidates are compared with the leader after ${first}, and whenever the pairs have doubled; dropped is`;
  return alpha === 0.5
    ? `${whole} who is behind`
    : `${whole} who is worse in a paired t test (one-sided level ${alpha} over all comparisons)`;
}

/** What of a space is known once candidates were asked. */
export interface AskedBox {
  readonly names: readonly string[];
  /** The range, or as far as candidates lie beyond it. */
  readonly box: { readonly lower: readonly number[]; readonly upper: readonly number[] };
}

/** The range at the start, whether it may grow, and how far candidates lie beyond it. */
export function rangeText({ coefficients: { range, growTo } }: SearchSpec, { names, box }: AskedBox): string {
  const [low, high] = range;
  if (!growTo) return `${ends(low, high)}, fixed`;
  const grown = names.flatMap((name, i) => {
    const [from, to] = [box.lower[i]!, box.upper[i]!];
    return from < low || to > high ? [`${coefficientName(name)} ${ends(from, to)}`] : [];
  });
  const free = `${ends(low, high)} at the start, and up to ${ends(...growTo)} where the best lie on its edge`;
  return grown.length === 0 ? `${free}: it did not grow` : `${free}: it grew to hold ${grown.join(', ')}`;
}

/** `sample.start` of a linear space is c^x of the first step, `noise.2` of one per step c^eps of step 3. */
function coefficientName(name: string): string {
  const [part, label] = name.split('.') as [string, string];
  const step = { start: 'the first step', end: 'the last step' }[label] ?? `step ${Number(label) + 1}`;
  return `${part === 'sample' ? 'c^x' : 'c^eps'} of ${step}`;
}

const ends = (low: number, high: number): string => `[${short(low)}, ${short(high)}]`;

const short = (value: number): string => String(Number(value.toFixed(4)));
