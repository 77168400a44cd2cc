/**
 * `score` (score queue): candidates on (prompt, seed) pairs -> raw terms. No scheduler, no prompt file and no objective
 * is needed to answer it.
 */
import { z } from 'zod';
import { sha256, WireNetwork, WirePair, WirePrompt, WireScorer } from './network.js';
import { WireCoefficients, WireSchedule } from './schedule.js';
import { version } from './version.js';

export const ScoreRequest = z.strictObject({
  version,
  network: WireNetwork,
  scorers: z.array(WireScorer).min(1),
  /** The baseline's steps, PTQD's correction inside; each candidate's coefficients scale them (`scaleFused`). */
  schedule: WireSchedule,
  prompts: z.array(WirePrompt).min(1),
  pairs: z.array(WirePair).min(1),
  candidates: z
    .array(
      z.strictObject({
        coefficients: WireCoefficients,
        /** Which of the request's pairs; null for all of them. */
        pairs: z.array(z.number().int().min(0)).min(1).nullable(),
      }),
    )
    .min(1),
  /** Whether images are kept as artefacts, and found there. */
  keepImages: z.boolean(),
});
export type ScoreRequest = z.infer<typeof ScoreRequest>;

/** What a piece of work took, and who did it. */
export const WorkReport = z.strictObject({
  /** Process and host. */
  worker: z.string(),
  seconds: z.number(),
  /** Of those, seconds inside ONNX Runtime. */
  runtimeSeconds: z.number(),
  /** Rows that the denoiser computed, padding left out, and rows of its padded calls. */
  denoiserRows: z.number().int(),
  paddedRows: z.number().int(),
});
export type WorkReport = z.infer<typeof WorkReport>;

export const ScoreResult = WorkReport.extend({
  version,
  scorers: z.array(z.strictObject({ scorer: z.string(), names: z.array(z.string()) })),
  /** In the order of the request. */
  candidates: z.array(
    z.strictObject({
      /** For each scorer, float64 little-endian in base64: pairs x names, NaN where failed. */
      values: z.array(z.string()),
      /** Pairs (by place in the candidate's list) that failed for good; of one scorer alone where it is named. */
      failed: z.array(z.strictObject({ at: z.number().int(), reason: z.string(), scorer: z.string().optional() })),
      /** Artefact of each image, in order; absent where none are kept. */
      images: z.array(sha256).optional(),
    }),
  ),
});
export type ScoreResult = z.infer<typeof ScoreResult>;
