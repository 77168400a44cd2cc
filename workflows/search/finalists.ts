/**
 * Who may be the finalist of a search, and the completion of a finalist that a race had dropped.
 */
import type { Finalist } from '../../contract/payloads.js';
import { maximisesRepair } from '../../contract/goal.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { modelsSurface } from '../../contract/spec-defaults.js';
import { computeActivities } from '../activities.js';
import { imagesPerTrial } from '../scoring/batch.js';
import { optimizerOptions } from './optimizer-options.js';
import { scoreStage } from './score-stage.js';
import type { SearchRun } from './search-run.js';
import { rankBest, type SearchState } from './search-state.js';

const { max } = Math;

/**
 * Whether finalists are those with the best means of the optimizer's model. Where everybody has a whole score, or a
 * finalist has to keep constraints or to repair, they are those with the best scores.
 */
export const ranksByModel = (spec: SearchSpec, { constraints }: Pick<SearchState, 'constraints'>): boolean =>
  modelsSurface(spec.optimizer.type) &&
  typeof spec.racing === 'object' &&
  constraints.length === 0 &&
  !maximisesRepair(spec);

/** The state with its finalists, which stay what they are when one of them is completed. */
export async function nameFinalists(run: SearchRun, state: SearchState): Promise<SearchState> {
  if (state.finalists) return state;
  if (!ranksByModel(run.spec, state)) {
    return { ...state, finalists: state.best.map((one) => ({ ...one, share: 1 })) };
  }
  const finalists = await computeActivities().rank.executeWithOptions({ summary: 'finalists by their means' }, [
    {
      searchId: run.searchId,
      options: optimizerOptions(run.spec, state),
      pairs: imagesPerTrial(state.splits.calibration),
      most: run.spec.select.finalists,
    },
  ]);
  return { ...state, finalists };
}

/**
 * Scores a finalist that a race had dropped on its missing calibration pairs.
 *
 * @returns the state in which it is ranked; null if one of its images failed
 */
export async function complete(run: SearchRun, state: SearchState, finalist: Finalist): Promise<SearchState | null> {
  if (finalist.share === 1) return state;
  const { index, coefficients } = finalist;
  const trials = [{ index, point: [], coefficients }];
  const { scores } = await scoreStage(run, state, { stage: 'calibration', trials, label: 'finalist' });
  const [score = null] = scores;
  if (score === null) return null;
  const best = rankBest(state.best, [{ index, coefficients, score }], run.spec.select.finalists);
  const finalists = state.finalists!.map((one) => (one.index === index ? { ...one, score, share: 1 } : one));
  return { ...state, raced: max(0, state.raced - 1), best, finalists };
}
