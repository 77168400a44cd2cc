/**
 * Images of the stages that follow the one at hand, for the estimate of the time that is left. Upper bounds where races may
 * drop candidates; within the search stage, what candidates took so far.
 */
import { maximisesRepair } from '../../contract/goal.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { Stage } from '../../contract/payloads.js';
import { imagesPerTrial } from '../scoring/batch.js';
import type { SearchState } from './search-state.js';

const { max, min } = Math;

/** What is scored: candidates, and on which prompts. */
interface Scored {
  readonly stage: Stage | 'control';
  readonly trials: readonly unknown[];
}

/** Images of a batch: a search for repair scores both networks before the verdict. */
export function imagesOfBatch(spec: SearchSpec, state: SearchState, { stage, trials }: Scored): number {
  const pairs = imagesPerTrial(state.splits[stage === 'control' ? 'confirm' : stage]);
  const networks = maximisesRepair(spec) && (stage === 'calibration' || stage === 'select') ? 2 : 1;
  return networks * pairs * trials.length;
}

/**
 * @param at the stage at hand, as the progress names it
 * @param asked images of the search stage so far, races included; null before it
 * @param batch what is scored now
 */
export function imagesLater(
  spec: SearchSpec,
  state: SearchState,
  { at, asked, batch }: { readonly at: string; readonly asked: number | null; readonly batch: Scored },
): number {
  const { splits, opening, reference, quantised, told } = state;
  const networks = maximisesRepair(spec) ? 2 : 1;
  const [calibration, select, confirm] = [splits.calibration, splits.select, splits.confirm].map(imagesPerTrial) as [
    number,
    number,
    number,
  ];
  const finalists = min(spec.select.finalists, spec.optimizer.budget);
  const selecting = finalists > 1 ? networks * select * finalists : 0;
  const confirming = confirm * (opening.linear === undefined ? 2 : 3);
  const full = reference === null ? 0 : confirm * (reference.precision === quantised.precision ? 1 : 2);
  const whole = networks * calibration * (1 + spec.optimizer.budget) + selecting;
  // A control beside the search has a progress of its own; one that follows is as long as this search.
  const following = spec.control === 'search' && !state.together && state.control === null ? whole + confirming : 0;
  const ends = { control: following, confirm: full + following, select: confirming + full + following };
  if (at === 'control' || at === 'confirm' || at === 'select') return ends[at];
  const rest = selecting + ends.select;
  if (at !== 'search') return networks * calibration * max(0, spec.optimizer.budget + 1 - batch.trials.length) + rest;
  const each = asked === null || told === 0 ? networks * calibration : asked / told;
  return each * max(0, spec.optimizer.budget - told - batch.trials.length) + rest;
}
