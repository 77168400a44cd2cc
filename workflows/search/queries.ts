/**
 * Queries besides `progress`: `best` and `surface`.
 */
import { defineQuery, setHandler } from '@temporalio/workflow';
import type { BestSoFar, SurfaceSoFar } from '../../contract/steering.js';
import { spaceOf, type SearchRun } from './search-run.js';

/** The best candidate so far: `temporal workflow query --type best`. */
export const bestQuery = defineQuery<BestSoFar | null>('best');
/** The candidates so far with their scores: `temporal workflow query --type surface`. */
export const surfaceQuery = defineQuery<SurfaceSoFar>('surface');

/** Answers them for a search. */
export function answerQueries(run: SearchRun): void {
  const best = { description: 'The best candidate so far, with its gain on the calibration prompts.' };
  const surface = { description: 'The candidates so far with their scores.' };
  setHandler(
    bestQuery,
    () => {
      const { best: [first] = [], identityScore: identity = null } = run.shown ?? {};
      if (first === undefined || identity === null) return null;
      const { index: trial, score, coefficients } = first;
      return { trial, score, gain: score - identity, identity, coefficients };
    },
    best,
  );
  setHandler(
    surfaceQuery,
    () => ({
      names: spaceOf(run.spec).names,
      identity: run.shown?.identityScore ?? null,
      points: run.shown?.surface ?? [],
    }),
    surface,
  );
}
