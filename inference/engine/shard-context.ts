/**
 * What a shard of an evaluation is made of, and with what.
 */
import type { WireSchedule } from '../../contract/wire/schedule.js';
import type { EngineControl } from './generate-blocks.js';
import type { JobTools } from './job-tools.js';
import type { Pair } from './sampling-loop.js';

/** A scorer with what identifies it. */
export interface KeyedScorer {
  readonly role: string;
  readonly fingerprint: string;
}

/** What a shard is made of. */
export interface RenderJob {
  readonly network: string;
  /** The steps with coefficients inside. */
  readonly schedule: WireSchedule;
  readonly pairs: readonly Pair[];
  /** Images that are there already, pair by pair; absent: they are those of the network. */
  readonly images?: readonly string[] | undefined;
  /** Scorers with terms. */
  readonly scorers: readonly (KeyedScorer & { readonly names: readonly string[] })[];
  readonly features: KeyedScorer | null;
  /** Whether images and scores that are kept as failures are made again. */
  readonly retryFailed: boolean;
}

/** What a shard is made with. */
export interface RenderTools extends JobTools {
  /** Throws if a scorer no longer has its fingerprint: its numbers are not kept then. */
  readonly refuseOther: (scorer: KeyedScorer) => Promise<void>;
}

/** One shard while it is made. */
export interface ShardContext extends RenderTools {
  readonly job: RenderJob;
  readonly control: EngineControl;
}
