/**
 * The first candidates of a search that settles k itself (`objective.k: auto`): spread evenly over the range whatever the
 * optimizer is, scored without a race, then k, then the search goes on as if it had been given this k.
 */
import type { SettledK } from '../../contract/opening.js';
import type { AskedTrial } from '../../contract/payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { FIRST_DESIGN } from '../../contract/settled-k.js';
import { createOptimizer } from '../../optimizers/create.js';
import type { OptimizerOptions, Point } from '../../optimizers/optimizer.js';
import { storeActivities } from '../activities.js';
import type { SearchRun } from './search-run.js';
import type { SearchState } from './search-state.js';

const { min } = Math;

/** Optimizers whose points do not depend on scores: theirs are the first design. */
const INDEPENDENT: readonly string[] = ['grid', 'random', 'sobol'];
/** Sobol's sequence has no more dimensions here. */
const SOBOL_DIMENSIONS = 32;
/** Trials that are read from the store at once. */
const PAGE = 256;

/** Whether the next generation belongs to the candidates that k is settled on: it is not raced. */
export const inFirstDesign = ({ objective }: SearchSpec, { opening, told }: SearchState): boolean =>
  (objective.k === 'auto' || opening.k !== undefined) && told < FIRST_DESIGN;

/**
 * The next `count` points of the first design; null where the optimizer's own points are asked. A search that is resumed asks
 * the same, though its k is settled already.
 */
export function designPoints(
  spec: SearchSpec,
  state: SearchState,
  { space, seed, budget }: OptimizerOptions,
  count: number,
): readonly Point[] | null {
  if (!inFirstDesign(spec, state) || INDEPENDENT.includes(spec.optimizer.type)) return null;
  const evenly = space.lower.length > SOBOL_DIMENSIONS ? 'random' : 'sobol';
  return createOptimizer(evenly, { space, seed, budget, batch: state.told + count })
    .ask()
    .slice(state.told);
}

/** A search whose k was settled just now: its candidates, to be told and ranked again. */
export interface SettledSearch {
  readonly state: SearchState;
  readonly trials: readonly AskedTrial[];
  /** By the settled k, in the order of the trials; null where failed. */
  readonly scores: readonly (number | null)[];
}

/** Settles k once the first design is scored; null before, and where k is given. From here on the spec of the run gives it. */
export async function settleK(run: SearchRun, state: SearchState): Promise<SettledSearch | null> {
  const { searchId, spec } = run;
  if (spec.objective.k !== 'auto' || state.told < min(FIRST_DESIGN, spec.optimizer.budget)) return null;
  const { quantised, told } = state;
  const plans = [quantised.objective, ...quantised.judged.map(({ plan }) => plan)];
  const settled = await storeActivities(told).settleK({ searchId, candidates: told, plans });
  const [objective, ...judged] = settled.plans;
  const { opening, identityScore, scores } = settled;
  useK(run, opening.k);
  const trials: AskedTrial[] = [];
  while (trials.length < told) {
    const from = trials.length + 1;
    trials.push(...(await storeActivities(PAGE).storedAsks({ searchId, from, count: min(PAGE, told + 1 - from) })));
  }
  return {
    state: {
      ...state,
      opening,
      identityScore,
      quantised: {
        ...quantised,
        objective: objective!,
        judged: quantised.judged.map((one, i) => ({ ...one, plan: judged[i]! })),
      },
    },
    trials,
    scores,
  };
}

/** From here on the run's spec, and the control's, give this k. */
export function useK(run: SearchRun, { value }: SettledK): void {
  run.spec = { ...run.spec, objective: { ...run.spec.objective, k: value } };
}
