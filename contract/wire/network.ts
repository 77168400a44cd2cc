/**
 * Networks, scorers and prompts as requests name them: by what a worker must have, not by how it was planned.
 */
import { z } from 'zod';

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in hex');

/** Rows per call of each network of a pipeline, padded. Part of the numeric class. */
export const Batches = z.strictObject({
  text: z.number().int().min(1),
  denoiser: z.number().int().min(1),
  decoder: z.number().int().min(1),
  scorer: z.number().int().min(1),
});
export type Batches = z.infer<typeof Batches>;

/** How a pipeline is run, where that is not neutral. Absent fields are the model's own defaults. */
export const PipelineOptions = z.strictObject({
  height: z.number().int().positive().optional(),
  width: z.number().int().positive().optional(),
  guidance: z.number().optional(),
  negativePrompt: z.string().optional(),
  sequenceLength: z.number().int().positive().optional(),
});
export type PipelineOptions = z.infer<typeof PipelineOptions>;

/** A network at one precision, by its fingerprint. */
export const WireNetwork = z.strictObject({
  model: z.string(),
  precision: z.string(),
  options: PipelineOptions,
  /** sha256 of its files, precision, options and numeric class. */
  network: sha256,
});
export type WireNetwork = z.infer<typeof WireNetwork>;

/** A scorer by its fingerprint. */
export const WireScorer = z.strictObject({
  /** The name by which a spec calls it. */
  role: z.string(),
  /** Its folder's name. */
  name: z.string(),
  /** Raw terms, in order; empty where it has features alone. */
  names: z.array(z.string()),
  /** sha256 of everything that decides its numbers. */
  fingerprint: sha256,
});
export type WireScorer = z.infer<typeof WireScorer>;

/** A prompt with its nouns; null leaves them to a part-of-speech tagger. */
export const WirePrompt = z.strictObject({ text: z.string(), nouns: z.array(z.string()).nullable() });
export type WirePrompt = z.infer<typeof WirePrompt>;

/** (prompt, seed): the index of a prompt of the same request, and the seed of its noise. */
export const WirePair = z.tuple([z.number().int().min(0), z.number().int().min(0)]);
export type WirePair = z.infer<typeof WirePair>;
