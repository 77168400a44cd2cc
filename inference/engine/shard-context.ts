/**
 * What a shard of an evaluation is made of, and with what.
 */
import type { FusedSchedule } from '../../diffusion/fused.js';
import type { EngineControl } from './generate-blocks.js';
import type { Pair } from './sample-block.js';
import type { ImageTools } from './kept-images.js';

/** A scorer with what identifies it. */
export interface KeyedScorer {
  readonly role: string;
  readonly fingerprint: string;
}

/** What a shard is made of. */
export interface RenderJob {
  readonly network: string;
  readonly schedule: FusedSchedule;
  readonly pairs: readonly Pair[];
  /** Scorers with terms. */
  readonly scorers: readonly (KeyedScorer & { readonly names: readonly string[] })[];
  readonly features: KeyedScorer | null;
  /** Images and scores that are kept as failures are made again. */
  readonly retryFailed: boolean;
}

/** What a shard is made with. */
export interface RenderTools extends ImageTools {
  /** Throws if a scorer is no longer what its fingerprint says: its numbers are not kept then. */
  readonly refuseOther: (scorer: KeyedScorer) => Promise<void>;
}

/** One shard under way. */
export interface ShardContext extends RenderTools {
  readonly job: RenderJob;
  readonly control: EngineControl;
}
