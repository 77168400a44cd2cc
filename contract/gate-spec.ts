/**
 * GateSpec: is a candidate as good as its reference? Two networks on one prompt set, or two folders of images.
 *
 * The same object is the YAML file of `qsched gate`, the input of the `gate` workflow, and the source of
 * schemas/gate.schema.json.
 */
import { z } from 'zod';
import { ScheduleChoice } from './evaluate-spec.js';
import { pipelineFields } from './pipeline-choice.js';
import { sha256 } from './wire/network.js';
import { name, ObjectiveChoice, preset, SchedulerChoice, seeds, texts, whole } from './search-spec.js';

/** Prompts below which there is no verdict. */
export const LEAST_PROMPTS = 20;

const folder = z.string('must be the path of a folder').min(1, 'must be the path of a folder').max(4000);

/** What is compared: a network with a scheduler and a schedule, or a folder of images. */
export const GateSide = z.strictObject({
  model: name.optional(),
  /** By default full precision for the reference, and the model's own choice for the candidate. */
  precision: name.optional(),
  preset,
  ...pipelineFields,
  scheduler: SchedulerChoice.optional(),
  schedule: ScheduleChoice.optional(),
  /** A folder of images made elsewhere, in place of a network; both sides have one then. */
  images: folder.optional(),
  /** Beside `images` of the reference: its images of the same prompts with other seeds, which measure its spread. */
  spread: folder.optional(),
});

const positive = z.number('must be a number').positive('must be above 0');

const scoreName = z
  .string('must be the name of a score')
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]*$/, 'must be the name of a score, for example objective, second or lpips');

/** Fields of a gate besides its two sides. */
const gateFields = {
  prompts: z
    .strictObject({
      set: name.default('shapes-eval'),
      texts: texts.optional(),
      /** Most prompts: the power calculation decides how many of them are used. */
      count: whole(1, 100_000).default(1000),
      /** Prompts at the beginning of the set that are left out. */
      skip: whole(1, 100_000).optional(),
      seeds: seeds.default([3000, 3001]),
    })
    .prefault({}),
  objective: ObjectiveChoice.prefault({}),
  /** `objective`, scorers by name, and pairwise scores by name; by default the objective and the model's second scorer. */
  scores: z
    .array(scoreName, 'must be a list of scores')
    .min(1, 'needs at least one score')
    .max(16, 'takes at most 16 scores')
    .refine((list) => new Set(list).size === list.length, 'lists a score twice')
    .optional(),
  /** Absolute margins by score, in the score's own units. A pairwise score needs one. */
  margins: z.record(scoreName, positive).default({}),
  /** Margin of every other score, in standard deviations of the reference between seeds of the same prompt. */
  spread: positive.max(10, 'must be at most 10').default(0.1),
  /** Probability to pass where candidate and reference are equally good. */
  power: z
    .number('must be a number from 0.5 to 0.99')
    .min(0.5, 'must be from 0.5 to 0.99')
    .max(0.99, 'must be from 0.5 to 0.99')
    .default(0.9),
  /** One-sided level of the bounds. */
  alpha: z
    .number('must be a number from 0.001 to 0.2')
    .min(0.001, 'must be from 0.001 to 0.2')
    .max(0.2, 'must be from 0.001 to 0.2')
    .default(0.025),
  /** How many looks are planned; a clear case ends at an early one, and a plan that grows may have one more. */
  looks: whole(1, 10).default(4),
  /** Artefact with the record of the reference (gate-baseline.ts), which is not rendered then. */
  baseline: sha256.optional(),
  /** Whether reference and candidate may be the same. */
  allowIdentical: z.boolean('must be true or false').default(false),
  /** Retry images that are stored as failures; by default such failures are kept. */
  retryFailed: z.boolean('must be true or false').default(false),
  /** How long to wait for a worker on a queue, in seconds. */
  waitForWorker: whole(1, 7 * 24 * 3600).default(600),
};

/** Validates a gate and fills its defaults; only `reference` and `candidate` are required. */
export const GateSpec = z.strictObject({ reference: GateSide, candidate: GateSide, ...gateFields });

export type GateSpec = z.infer<typeof GateSpec>;
export type GateSpecInput = z.input<typeof GateSpec>;
export type GateSide = z.infer<typeof GateSide>;
