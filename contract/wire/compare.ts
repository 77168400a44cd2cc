/**
 * `compare` (score queue): images beside the reference's images of the same prompts and seeds -> pairwise scores. Both sides
 * are in the artefact folder, as `render` keeps them.
 */
import { z } from 'zod';
import { PAIR_SCORE_NAMES } from '../names.js';
import { sha256, WireNetwork } from './network.js';
import { WorkReport } from './score.js';
import { version } from './version.js';

/** A pairwise score by its fingerprint. */
export const WirePairScore = z.strictObject({
  /** As a spec names it: `psnr`, `lpips`, `lpips@folder`. */
  name: z.string(),
  score: z.enum(PAIR_SCORE_NAMES),
  /** The role of its scorer; null for a score that needs none. */
  scorer: z.string().nullable(),
  /** sha256 of everything that decides its numbers. */
  fingerprint: sha256,
});
export type WirePairScore = z.infer<typeof WirePairScore>;

const place = z.number().int().min(0);

export const CompareRequest = z.strictObject({
  version,
  /** The network by whose model the roles of scorers go; null: scorers are named by their folders. It is not run. */
  network: WireNetwork.nullable(),
  scores: z.array(WirePairScore).min(1),
  /** Records of shards (`RenderResult.record`) whose images, in order, are those of the same prompts and seeds. */
  reference: z.array(sha256).min(1),
  candidate: z.array(sha256).min(1),
  /** Which pairs: from image `from` up to but not including `to`. */
  from: place,
  to: place,
  /** Compute again what is kept as a failure. */
  retryFailed: z.boolean(),
});
export type CompareRequest = z.infer<typeof CompareRequest>;

export const CompareResult = WorkReport.extend({
  version,
  /** Hash of the record of the pairs in the artefact folder (artefacts/pair-record.ts); null if anything is missing. */
  record: sha256.nullable(),
  /** Pairs of which a score was computed, and pairs whose scores were all kept. */
  compared: z.number().int(),
  reused: z.number().int(),
  /** Failures by reason, the first few: an image, or a score that is not finite. */
  failed: z.array(z.strictObject({ reason: z.string(), count: z.number().int() })),
  /** Records that are gone from the folder, or images of theirs: their shards must be made again. */
  missing: z.array(sha256),
});
export type CompareResult = z.infer<typeof CompareResult>;
