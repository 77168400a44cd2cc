/**
 * `describe` (model queue): what only the files of a worker can tell of a network and of scorers.
 */
import { z } from 'zod';
import { ModelDefaults } from '../model-defaults.js';
import { Batches, PipelineOptions, sha256 } from './network.js';
import { version } from './version.js';

export const DescribeRequest = z.strictObject({
  version,
  model: z.string(),
  /** A precision, `default` for the model's own choice, or `reference` for the full-precision network. */
  precision: z.string(),
  options: PipelineOptions,
  /** Scorers that an objective or a table may need, by role or folder name. */
  scorers: z.array(z.string()),
});
export type DescribeRequest = z.infer<typeof DescribeRequest>;

/** What decides the last bits of a number: equal scores are promised within one class. */
export const NumericClass = z.looseObject({
  /** Execution provider: cpu, cuda, webgpu, ... */
  provider: z.string(),
  onnxruntime: z.string(),
  /** Rows per network call where all networks have the same, else of each. */
  batch: z.union([z.number().int(), Batches]),
});
export type NumericClass = z.infer<typeof NumericClass>;

/** A scorer that is there. */
const FoundScorer = z.strictObject({
  role: z.string(),
  /** The folder's name. */
  name: z.string(),
  kind: z.string(),
  /** Raw terms, in order; empty where it has features alone. */
  names: z.array(z.string()),
  /** Scores that a plug-in declares. */
  scores: z.array(
    z.strictObject({
      name: z.string(),
      judges: z.enum(['text', 'quality']),
      direction: z.enum(['higher', 'lower']),
    }),
  ),
  hasFeatures: z.boolean(),
  usesNouns: z.boolean(),
  /** What a table calls its scores, such as the version of its weights; null where its name says it all. */
  label: z.string().nullable(),
  /** What a context's provenance says of it: name, version, files, and what its kind adds. */
  provenance: z.record(z.string(), z.unknown()),
});

/** A scorer that was asked for and is not there, with the sentence that says so. */
const MissingScorer = z.strictObject({ role: z.string(), missing: z.string(), hint: z.string() });

export const DescribedScorer = z.union([FoundScorer, MissingScorer]);
export type FoundScorer = z.infer<typeof FoundScorer>;
export type DescribedScorer = z.infer<typeof DescribedScorer>;

/** What the files show without being hashed or loaded: enough to plan with, and to refuse a mistake early. */
export const NetworkFacts = z.strictObject({
  model: z.string(),
  precision: z.string(),
  options: PipelineOptions,
  /** Name of the pipeline kind, for example `sd15`. */
  pipeline: z.string(),
  /** Given for a model that reads no text: a prompt then only names the noise of its images. */
  unconditional: z.literal(true).optional(),
  /** (channels, height, width) of a latent. */
  latentShape: z.tuple([z.number().int(), z.number().int(), z.number().int()]),
  /** The model's scheduler_config.json. */
  schedulerConfig: z.record(z.string(), z.unknown()),
  /** What its model_index.json and modular_model_index.json say of how it is sampled. */
  modelIndex: z.record(z.string(), z.unknown()).optional(),
  /** The precisions that the model has, and which of them is full precision. */
  precisions: z.array(z.string()),
  referencePrecision: z.string().nullable(),
  scorers: z.array(DescribedScorer),
  /** What fits the model where a spec says nothing; absent: what fits the bundled model. */
  defaults: ModelDefaults.optional(),
  /** Scores of all installed plug-ins, `score@scorer`, for messages. */
  pluginScores: z.array(z.string()),
});
export type NetworkFacts = z.infer<typeof NetworkFacts>;

/** The facts with their fingerprints. */
export const NetworkDescription = NetworkFacts.extend({
  version,
  /** File -> sha256 of everything that decides the network's output, external data included. */
  files: z.record(z.string(), z.string()),
  numeric: NumericClass,
  batches: Batches,
  /** Versions of our own preprocessing, where a fix changed this network's numbers; empty otherwise. */
  preprocessing: z.record(z.string(), z.number()),
  /** sha256 of files, precision, numeric class, and of options and preprocessing where there are any. */
  network: sha256,
  /** The queue on which workers with exactly these files and this arithmetic take work. */
  scoreQueue: z.string(),
  /** Bytes of the files, and of the worker's memory (of its device's, where known). */
  bytes: z.number(),
  memoryBytes: z.number(),
  /** Artefacts with the statistics of real images, by the scorer whose features they are. */
  references: z.record(z.string(), sha256),
  /** Sentences for the reader, such as a network whose rows depend on each other. */
  notes: z.array(z.string()),
});
export type NetworkDescription = z.infer<typeof NetworkDescription>;

/** `inspectPrompts` (model queue): what the model and scorers do with these prompts that a reader should know. */
export const InspectPromptsRequest = z.strictObject({
  version,
  model: z.string(),
  precision: z.string(),
  /** What may change how many tokens the model reads; by default the model's own. */
  options: PipelineOptions.optional(),
  scorers: z.array(z.string()),
  texts: z.array(z.string()),
});
export type InspectPromptsRequest = z.infer<typeof InspectPromptsRequest>;
