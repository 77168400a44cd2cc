/**
 * A search, planned: its networks, its prompts, and what the database needs to open it.
 */
import { openingOf, startNotes } from './starts.js';
import type { OpenRequest, SearchPlan, Starts } from '../contract/payloads.js';
import type { SettledK } from '../contract/opening.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { objectiveAt } from '../contract/settled-k.js';
import type { NetworkDescription } from '../contract/wire/describe.js';
import { checkOptimizer } from './check-optimizer.js';
import { requireFull } from './goal.js';
import { planConstraints } from './constraints.js';
import { planNetwork } from './network.js';
import { nounsOf, searchPrompts } from './splits.js';
import { taggedNotes } from './tagged-nouns.js';

/** Networks beside each other may take this share of a worker's memory: the rest is for what they compute. */
const WEIGHTS_SHARE = 0.25;

/** What comes out: the plan for the workflow, and the rows for the database. */
export interface PlannedSearch {
  readonly plan: Omit<SearchPlan, 'searchAttributes' | 'workers' | 'opening'>;
  readonly opening: Omit<OpenRequest, 'searchId'>;
}

/**
 * @param settled the k of a search that settled it in an earlier run
 * @throws QschedError (usage): anything of the spec that does not fit the networks or the prompts here
 */
export function planSearch(
  spec: SearchSpec,
  quantised: NetworkDescription,
  reference: NetworkDescription | null,
  starts?: Starts,
  settled?: SettledK,
): PlannedSearch {
  checkOptimizer(spec);
  requireFull(spec, quantised);
  const { scheduler, objective, confirm } = spec;
  const choice = { scheduler, objective: objectiveAt(objective, settled), beside: confirm.scorers, features: null };
  const own = planNetwork(quantised, choice);
  const control = reference === null ? null : planNetwork(reference, choice);
  const prompts = searchPrompts(spec);
  const { splits, texts } = prompts;
  const { prepared } = own;
  return {
    plan: {
      quantised: prepared,
      reference: control?.prepared ?? null,
      constraints: planConstraints(objective, prepared.objective, quantised),
      splits,
      notes: [
        ...new Set([
          ...prepared.notes,
          ...(control?.prepared.notes ?? []),
          ...taggedNotes(quantised, prepared.scorers, Object.values(prompts.prompts).flat()),
        ]),
      ],
      startNotes: startNotes(spec, starts),
      together: reference !== null && quantised.bytes + reference.bytes <= WEIGHTS_SHARE * quantised.memoryBytes,
    },
    opening: {
      spec,
      opening: openingOf(spec, starts),
      objective: prepared.objective,
      contexts: [...own.contexts, ...(control?.contexts ?? [])],
      splits,
      texts,
      nouns: prepared.readsNouns ? nounsOf(prompts) : null,
    },
  };
}
