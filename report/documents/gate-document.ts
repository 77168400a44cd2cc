/**
 * What a report says of a gate.
 */
import { z } from 'zod';
import { imageSource, interval } from './values.js';

export const gateDocument = z.object({
  kind: z.literal('gate'),
  id: z.string(),
  /** Candidate against reference. */
  name: z.string(),
  status: z.enum(['running', 'paused', 'finished', 'failed', 'cancelled']),
  message: z.string().nullable(),
  /** Null until there is one. */
  verdict: z.enum(['passed', 'failed', 'undecided']).nullable(),
  reason: z.string(),
  scores: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['pointwise', 'pairwise']),
      better: z.enum(['higher', 'lower']),
      /** Means of both sides; null for a pairwise score. */
      reference: z.number().nullable(),
      candidate: z.number().nullable(),
      /** Candidate minus reference, or the score of two images; with one-sided bounds. */
      estimate: interval,
      /** What has to be above it, or below it where lower is better. */
      limit: z.number(),
      /** The estimate's distance from the limit, with its bounds: above 0 is good. */
      distance: interval,
      state: z.enum(['passed', 'failed', 'open']),
    }),
  ),
  /** The prompts on which the candidate lost most, by score. */
  worst: z.array(
    z.object({
      score: z.string(),
      prompt: z.string(),
      seed: z.int(),
      value: z.number(),
      reference: imageSource,
      candidate: imageSource,
    }),
  ),
  imageNote: z.string().nullable(),
  notes: z.array(z.string()),
  provenance: z.array(z.object({ name: z.string(), value: z.string() })),
  command: z.string(),
});

export type GateDocument = z.infer<typeof gateDocument>;
