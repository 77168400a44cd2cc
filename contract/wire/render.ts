/**
 * `render` (score queue): images of one schedule, with their terms and features, into the artefact folder.
 */
import { z } from 'zod';
import { sha256, WireNetwork, WirePair, WirePrompt, WireScorer } from './network.js';
import { WireCoefficients, WireSchedule } from './schedule.js';
import { WorkReport } from './score.js';
import { version } from './version.js';

/** Images whose terms and features are one artefact. Shards are made of whole blocks: shards of another size find them. */
export const BLOCK_IMAGES = 20;

export const RenderRequest = z.strictObject({
  version,
  network: WireNetwork,
  /** Scorers with terms. */
  scorers: z.array(WireScorer),
  /** The scorer whose features carry distances. */
  features: WireScorer.nullable(),
  /** The baseline's steps, PTQD's correction inside. */
  schedule: WireSchedule,
  coefficients: WireCoefficients,
  prompts: z.array(WirePrompt).min(1),
  pairs: z.array(WirePair).min(1),
  /** Make again what is kept as a failure. */
  retryFailed: z.boolean(),
  /** Artefacts of images made elsewhere, pair by pair: they are scored, and none is generated. */
  images: z.array(sha256).optional(),
  /** Which repeat: the same images once more, kept apart from the first ones, to see whether the network gives them again. */
  repeat: z.number().int().min(1).optional(),
});
export type RenderRequest = z.infer<typeof RenderRequest>;

export const RenderResult = WorkReport.extend({
  version,
  /** Hash of the shard's record in the artefact folder. */
  record: sha256,
  generated: z.number().int(),
  reused: z.number().int(),
  /** Failures by reason, the first few. */
  failed: z.array(z.strictObject({ reason: z.string(), count: z.number().int() })),
  /** Objects whose bytes did not fit their hash: removed and made again. */
  damaged: z.number().int(),
});
export type RenderResult = z.infer<typeof RenderResult>;
