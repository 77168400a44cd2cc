/**
 * One execution of a search: what its stages share.
 */
import { allHandlersFinished, condition, continueAsNew } from '@temporalio/workflow';
import { coefficientSpace, type CoefficientSpace } from '../../diffusion/coefficients.js';
import type { Stage } from '../../contract/payloads.js';
import type { SearchProgress } from '../../contract/search-result.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { NetworkDescription } from '../../contract/wire/describe.js';
import type { WirePrompt } from '../../contract/wire/network.js';
import type { Paces } from '../scoring/batch.js';
import type { Meter } from '../scoring/meter.js';
import type { Control } from './control-search.js';
import type { SearchState } from './search-state.js';
import type { Steering } from './steering.js';

type Counted = Omit<SearchProgress, 'images' | 'secondsLeft'>;

/** What every stage knows, and the progress that it writes. */
export interface SearchRun {
  readonly searchId: string;
  /** Complete once the search has begun: the model's defaults fill what the user left out. */
  spec: SearchSpec;
  /** The spec as the user wrote it. */
  readonly input: unknown;
  /** What the `progress` query answers. */
  readonly progress: { -readonly [K in keyof Counted]: Counted[K] };
  /** Counts images, for the rest of what it answers. */
  readonly meter: Meter;
  /** Prompts by split, fetched when they are needed. */
  readonly prompts: { [S in Stage]?: readonly WirePrompt[] };
  /** What is known of the workers. */
  readonly paces: Paces;
  /** The full-precision search beside this one, once it was started. */
  readonly control: Control;
  /** What people change about it while it runs. */
  readonly steering: Steering;
  /** The state that was shown last; null before the first. */
  shown: SearchState | null;
  /** Whether it has a row in the database. */
  opened: boolean;
  /** Whether the namespace has our search attributes. */
  columns: boolean;
  /** Address of its live page; null if nobody serves it. */
  page: string | null;
  /** What a reader should know of the stage at hand. */
  note: string;
  /** Candidates that were asked for, those of the generation under way included. */
  askedFor: number;
  /** Workflows that work for it now: they are held with it. */
  readonly children: Set<string>;
  /** The networks, if this execution described them; the full-precision one if anything needs it. */
  described: { readonly quantised: NetworkDescription; readonly reference: NetworkDescription | null } | null;
}

/** The coefficients that may vary, of a spec. */
export function spaceOf({ coefficients: { shape, tune, range }, scheduler: { steps } }: SearchSpec): CoefficientSpace {
  return coefficientSpace({ shape, tune, range, steps });
}

/**
 * Continues in a run with an empty history. Evaluations that are stored are asked for again, and reused. A control
 * that runs beside the search is waited for: its parent must not close before it does.
 */
export async function carryOn(run: SearchRun, state: SearchState): Promise<never> {
  const control = await run.control.settled();
  await condition(allHandlersFinished);
  return continueAsNew<(input: unknown, carried: SearchState) => Promise<unknown>>(run.spec, {
    ...state,
    paces: run.paces,
    control: control ?? state.control,
    steered: run.steering.carried(),
  });
}

/**
 * From here on the run's spec gives the budget of so many candidates told: it may have been extended.
 *
 * @returns whether it changed
 */
export function useBudget(run: SearchRun, { told }: Pick<SearchState, 'told'>): boolean {
  const { optimizer } = run.spec;
  const budget = run.steering.budgetAt(told);
  run.progress.budget = run.steering.target;
  if (budget === optimizer.budget) return false;
  run.spec = { ...run.spec, optimizer: { ...optimizer, budget } };
  return true;
}
