/**
 * A score that costs nothing: what is left is Temporal, SQLite and our own bookkeeping.
 */
import type { ScoreFunction } from '../activities/score.js';
import { encodeFloats } from '../contract/float-text.js';

import { TERM_NAMES as NAMES } from '../inference/scorers/clip.js';

/** Terms made from the coefficients, without any network. */
export const noopScore: ScoreFunction = async (request) => {
  const everything = Array.from({ length: request.split.count * request.split.seeds.length }, (_, i) => i);
  return {
    trials: request.trials.map((trial) => {
      const evaluations = trial.missing ?? everything;
      const values = new Float64Array(evaluations.length * NAMES.length);
      values.fill(1 - Math.abs(trial.coefficients.sample[0]! - 1));
      return {
        index: trial.index,
        coefficients: trial.coefficients,
        evaluations,
        failed: [],
        scorers: Object.keys(request.contexts).map((scorer) => ({
          scorer,
          names: NAMES,
          values: encodeFloats(values),
        })),
      };
    }),
    seconds: 0,
    runtimeSeconds: 0,
    worker: 'noop',
  };
};
