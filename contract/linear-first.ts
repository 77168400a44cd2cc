/**
 * A search with two coefficients per step starts from the linear solution: the search of the same spec with shape `linear`
 * comes first, and its finalist is asked first and compared in the verdict.
 */
import type { SearchSpec } from './search-spec.js';

/**
 * Whether the linear solution comes first. Up to two steps, lines reach all that two numbers per step do; a grid visits
 * its own points alone.
 */
export const linearFirst = ({ coefficients, scheduler, optimizer }: SearchSpec): boolean =>
  coefficients.shape === 'per-step' && scheduler.steps > 2 && optimizer.type !== 'grid';

/** The search that comes first. A prior has as many numbers as this search, so that it is not that one's. */
export const linearSpecOf = (spec: SearchSpec): SearchSpec => ({
  ...spec,
  coefficients: { ...spec.coefficients, shape: 'linear' },
  prior: spec.prior === 'auto' ? 'auto' : 'none',
  control: 'none',
});

/** Its id, if it belongs to one search. */
export const linearIdOf = (searchId: string): string => `${searchId}-linear`;
