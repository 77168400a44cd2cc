/**
 * A network that is ready for use: what a worker described, planned for one scheduler, one objective and one set of
 * scorers. Searches, evaluations, studies and PTQD fits share it; its ids are those in the database and in the keys of
 * artefacts.
 */
import type { ObjectivePlan } from './objective-plan.js';
import type { PipelineChoice } from './pipeline-choice.js';
import type { SearchSpec } from './search-spec.js';
import type { Batches, WireNetwork, WireScorer } from './wire/network.js';
import type { WireSchedule } from './wire/schedule.js';

/** A scorer of a prepared network. */
export interface PreparedScorer extends WireScorer {
  readonly kind: string;
}

/** An objective with its name in a verdict, which is that of its scorer. */
export interface JudgedObjective {
  readonly scorer: string;
  readonly plan: ObjectivePlan;
}

/** A network with its scheduler; rows of a table that share it differ only in their schedule. */
export interface NetworkChoice extends PipelineChoice {
  readonly model: string;
  readonly precision: string;
  readonly scheduler: SearchSpec['scheduler'];
}

export interface PreparedNetwork extends NetworkChoice {
  /** Its name in requests. */
  readonly wire: WireNetwork;
  readonly scoreQueue: string;
  /** Rows per network call. */
  readonly batches: Batches;
  /** The numeric class in words; a table must not mix rows of two classes. */
  readonly numeric: string;
  /** The baseline's fused steps. */
  readonly schedule: WireSchedule;
  /** Scorers with terms, the objective's first. */
  readonly scorers: readonly PreparedScorer[];
  /** The scorer whose features carry distances; null without distances. */
  readonly features: PreparedScorer | null;
  /** Artefact with the statistics of real images for these features; null if the model has none. */
  readonly reference: string | null;
  /** Scorer -> context id: sha256 of everything that a score depends on besides coefficients, prompt and seed. */
  readonly contexts: Readonly<Record<string, string>>;
  readonly objective: ObjectivePlan;
  /** The objectives of a verdict: the search's objective first, then one for each scorer outside it. */
  readonly judged: readonly JudgedObjective[];
  /** Whether nouns of the prompts are part of their identity. */
  readonly readsNouns: boolean;
  /** Sentences for the user. */
  readonly notes: readonly string[];
}
