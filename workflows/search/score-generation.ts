/**
 * Scores of one generation on the calibration pairs: raced, unless the spec or the number of pairs speaks against it.
 */
import type { AskedTrial } from '../../contract/payloads.js';
import { firstBlock } from '../../metrics/racing/looks.js';
import type { RacedScores } from '../scoring/race-batch.js';
import { raceStage, scoreStage } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

/** @param size candidates of a full generation */
export async function scoreGeneration(
  run: SearchRun,
  state: SearchState,
  trials: readonly AskedTrial[],
  size: number,
): Promise<RacedScores> {
  const { racing } = run.spec;
  const batch = { stage: 'calibration', trials, label: `generation ${state.generation + 1}` } as const;
  const onRecorded = (count: number): void => {
    run.progress.told += count;
  };
  if (typeof racing !== 'object') {
    return { ...(await scoreStage(run, state, batch, onRecorded)), shares: trials.map(() => 1) };
  }
  const { block = firstBlock(size, state.quantised.batches.denoiser), alpha = 0.05 } = racing;
  const identity = { coefficients: spaceOf(run.spec).identity(), score: state.identityScore! };
  const rivals = [...state.best.slice(0, 1), identity]
    .map(({ coefficients, score }) => ({ coefficients, score }))
    .sort((a, b) => b.score - a.score);
  return raceStage(run, state, batch, { block, alpha, rivals }, onRecorded);
}
