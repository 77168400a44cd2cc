/**
 * Scoring candidates on the prompts of one stage of a search.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import { maximisesRepair } from '../../contract/goal.js';
import { scorersOf } from '../../contract/objective-plan.js';
import type { AskedTrial, BatchReference, Stage } from '../../contract/payloads.js';
import type { PreparedNetwork } from '../../contract/prepared-network.js';
import { fetchPrompts } from '../prompts.js';
import type { Batch } from '../scoring/batch.js';
import { raceBatch, type Race, type RacedScores } from '../scoring/race-batch.js';
import { scoreBatch, type BatchScores } from '../scoring/score-batch.js';
import { imagesLater, imagesOfBatch } from './images-left.js';
import { scoreRepair } from './repair-batch.js';
import { showDetails } from './details.js';
import { carryOn, type SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

/** What is to be scored. */
export interface StageBatch {
  /** `control` is the full-precision network on the prompts of `confirm`. */
  readonly stage: Stage | 'control';
  readonly trials: readonly AskedTrial[];
  /** What the activities' summaries call it. */
  readonly label: string;
  /** Limit on waiting for a worker, in seconds; null for as long as it takes. */
  readonly waitSeconds?: number | null;
  /** Whether a person may stop it before every trial is scored: the candidates of the optimizer. */
  readonly stoppable?: boolean;
}

/** Candidates that no optimizer asked for, numbered from `first`. */
export const numbered = (candidates: readonly Coefficients[], first: number): AskedTrial[] =>
  candidates.map((coefficients, i) => ({ index: first + i, point: [], coefficients }));

/**
 * Calibration and selection need the objective's scorers alone; a verdict shows the others too, and the images that it
 * rests on are kept.
 */
export async function scoreStage(
  run: SearchRun,
  state: SearchState,
  stage: StageBatch,
  onRecorded?: (count: number) => void,
): Promise<BatchScores> {
  const batch = await batchOf(run, state, stage);
  return choosesByRepair(run.spec, stage.stage)
    ? scoreRepair(batch, state.reference!, onRecorded)
    : scoreBatch(batch, onRecorded);
}

/** The same as a race, which ends early for candidates that are clearly worse than the best. */
export async function raceStage(
  run: SearchRun,
  state: SearchState,
  stage: StageBatch,
  race: Race,
  onRecorded?: (count: number) => void,
): Promise<RacedScores> {
  return raceBatch(await batchOf(run, state, stage), race, onRecorded);
}

/** Whether the score of a stage is repair; a verdict shows gains. */
const choosesByRepair = (spec: SearchRun['spec'], stage: StageBatch['stage']): boolean =>
  maximisesRepair(spec) && (stage === 'calibration' || stage === 'select');

async function batchOf(run: SearchRun, state: SearchState, batch: StageBatch): Promise<Batch> {
  const { stage, trials, label, waitSeconds = null, stoppable = false } = batch;
  const { spec, meter } = run;
  const at = run.progress.stage;
  meter.begin(at, imagesOfBatch(spec, state, batch), imagesLater(spec, state, { at, asked: meter.asked(at), batch }));
  const reference = referenceOf(run, state, stage);
  const { split } = reference;
  run.prompts[split] ??= await fetchPrompts(state.splits[split]);
  return {
    reference,
    prepared: networkOf(state, stage),
    split: state.splits[split],
    prompts: run.prompts[split],
    trials,
    retryFailed: spec.retryFailed,
    keepImages: split === 'confirm',
    waitSeconds,
    label,
    held: () => run.steering.paused,
    halted: () => stoppable && run.steering.halted(state.told),
    priority: () => run.steering.priority,
    shown: () => showDetails(run),
    paces: run.paces,
    meter,
    carryOn: () => carryOn(run, state),
  };
}

const networkOf = ({ quantised, reference }: SearchState, stage: StageBatch['stage']): PreparedNetwork =>
  stage === 'control' ? reference! : quantised;

/** The trials of a stage in the store. */
export function referenceOf({ searchId }: SearchRun, state: SearchState, stage: StageBatch['stage']): BatchReference {
  const split: Stage = stage === 'control' ? 'confirm' : stage;
  const { objective } = state.quantised;
  const { contexts: all } = networkOf(state, stage);
  const own = Object.fromEntries(scorersOf(objective).map((scorer) => [scorer, all[scorer]!]));
  const contexts = split === 'confirm' ? all : own;
  return { searchId, stage, contexts, split, seeds: state.splits[split].seeds, objective };
}
