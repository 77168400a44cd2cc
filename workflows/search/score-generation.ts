/**
 * Scores of candidates that compete: raced, unless the spec says that everybody is scored on all pairs.
 */
import type { AskedTrial } from '../../contract/payloads.js';
import { comparesByModel, modelledBudget } from '../../contract/spec-defaults.js';
import type { Cut } from '../../contract/steering.js';
import { enoughPairs, firstBlock } from '../../metrics/racing/looks.js';
import type { RacedScores, ToldScores } from '../scoring/race-batch.js';
import { ranksByModel } from './finalists.js';
import { raceStage, scoreStage, type StageBatch } from './score-stage.js';
import { spaceOf, type SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';
import { inFirstDesign } from './settle-k.js';

/** Level at which finalists are dropped: what is learnt from them is needed by nobody, so that only a test drops them. */
const FINALISTS_ALPHA = 0.05;

/** What came out of a generation. */
export interface GenerationScores {
  /** The trials that count, with their scores: all of them, unless a person stopped the search meanwhile. */
  readonly trials: readonly AskedTrial[];
  readonly made: ToldScores;
  /** Where it was stopped; null: it came to its end. */
  readonly cut: Cut | null;
}

/**
 * A generation on the calibration pairs, against the baseline and the best so far. Where a model compares candidates, all of
 * them leave the race early: it knows the good ones by their neighbours, and the finalist is completed. Candidates that k is settled on are not
 * raced.
 *
 * @param size candidates of a full generation
 * @param cut where a person stopped it when it was scored first; null: nowhere
 */
export async function scoreGeneration(
  run: SearchRun,
  state: SearchState,
  asked: readonly AskedTrial[],
  { size, cut }: { readonly size: number; readonly cut: Cut | null },
): Promise<GenerationScores> {
  const trials = cut !== null && 'trials' in cut ? asked.filter(({ index }) => cut.trials.includes(index)) : asked;
  const until = cut !== null && 'reached' in cut ? cut.reached : null;
  const batch = { stage: 'calibration', trials, label: labelOf(state, asked), stoppable: true } as const;
  const onRecorded = (count: number): void => {
    run.progress.told += count;
  };
  const { racing } = run.spec;
  if (typeof racing !== 'object' || inFirstDesign(run.spec, state)) {
    return counted(trials, await unraced(run, state, batch, onRecorded));
  }
  const { block = firstBlock(size, state.quantised.batches.denoiser), alpha = FINALISTS_ALPHA } = racing;
  const identity = { coefficients: spaceOf(run.spec).identity(), score: state.identityScore! };
  const rivals = [...state.best.slice(0, 1), identity]
    .map(({ coefficients, score }) => ({ coefficients, score }))
    .sort((a, b) => b.score - a.score);
  const enough =
    ranksByModel(run.spec, state) && comparesByModel(run.spec)
      ? { enough: enoughPairs(block, state.told, modelledBudget(run.spec)) }
      : {};
  const race = { block, alpha, rivals, until, ...enough };
  return counted(trials, await raceStage(run, state, batch, race, onRecorded));
}

/** `generation 3, candidates 17-24` */
function labelOf({ generation }: SearchState, asked: readonly AskedTrial[]): string {
  const [first, last] = [asked[0]!.index, asked.at(-1)!.index];
  return `generation ${generation + 1}, ${first === last ? `candidate ${first}` : `candidates ${first}-${last}`}`;
}

/** Leaves out the trials that were stopped. */
function counted(
  trials: readonly AskedTrial[],
  { scores, shares, kept, unfinished, ended }: RacedScores,
): GenerationScores {
  const done = trials.flatMap((trial, i) => (unfinished.has(trial.index) ? [] : [{ trial, i }]));
  const stopped = unfinished.size > 0 ? { trials: done.map(({ trial }) => trial.index) } : null;
  return {
    trials: done.map(({ trial }) => trial),
    made: {
      scores: done.map(({ i }) => scores[i]!),
      shares: done.map(({ i }) => shares[i]!),
      kept,
    },
    cut: ended === null ? stopped : { reached: ended },
  };
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
  return raceStage(run, state, batch, { block, alpha: FINALISTS_ALPHA, rivals: [], until: null });
}

async function unraced(
  run: SearchRun,
  state: SearchState,
  batch: StageBatch,
  onRecorded?: (count: number) => void,
): Promise<RacedScores> {
  return { ...(await scoreStage(run, state, batch, onRecorded)), shares: batch.trials.map(() => 1), ended: null };
}
