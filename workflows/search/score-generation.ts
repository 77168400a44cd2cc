/**
 * Scores of candidates that compete: raced, unless the spec says that everybody is scored on all pairs.
 */
import type { AskedTrial } from '../../contract/payloads.js';
import { firstBlock } from '../../metrics/racing/looks.js';
import type { RacedScores } from '../scoring/race-batch.js';
import { raceStage, scoreStage, type StageBatch } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';
import { inFirstDesign } from './settle-k.js';

/** Level at which finalists are dropped: what is learnt from them is needed by nobody, so that only a test drops them. */
const FINALISTS_ALPHA = 0.05;

/**
 * A generation on the calibration pairs, against the baseline and the best so far. Candidates that k is settled on are not
 * raced.
 *
 * @param size candidates of a full generation
 */
export async function scoreGeneration(
  run: SearchRun,
  state: SearchState,
  trials: readonly AskedTrial[],
  size: number,
): Promise<RacedScores> {
  const batch = { stage: 'calibration', trials, label: `generation ${state.generation + 1}` } as const;
  const onRecorded = (count: number): void => {
    run.progress.told += count;
  };
  const { racing } = run.spec;
  if (typeof racing !== 'object' || inFirstDesign(run.spec, state)) return unraced(run, state, batch, onRecorded);
  const { block = firstBlock(size, state.quantised.batches.denoiser), alpha = FINALISTS_ALPHA } = racing;
  const identity = { coefficients: spaceOf(run.spec).identity(), score: state.identityScore! };
  const rivals = [...state.best.slice(0, 1), identity]
    .map(({ coefficients, score }) => ({ coefficients, score }))
    .sort((a, b) => b.score - a.score);
  return raceStage(run, state, batch, { block, alpha, rivals }, onRecorded);
}

/** The finalists on the prompts of the selection, against each other. */
export async function scoreFinalists(
  run: SearchRun,
  state: SearchState,
  trials: readonly AskedTrial[],
): Promise<RacedScores> {
  const batch = { stage: 'select', trials, label: 'select' } as const;
  if (typeof run.spec.racing !== 'object') return unraced(run, state, batch);
  const block = firstBlock(trials.length, state.quantised.batches.denoiser);
  return raceStage(run, state, batch, { block, alpha: FINALISTS_ALPHA, rivals: [] });
}

async function unraced(
  run: SearchRun,
  state: SearchState,
  batch: StageBatch,
  onRecorded?: (count: number) => void,
): Promise<RacedScores> {
  return { ...(await scoreStage(run, state, batch, onRecorded)), shares: batch.trials.map(() => 1) };
}
