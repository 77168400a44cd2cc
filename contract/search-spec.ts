/**
 * SearchSpec: the settings of a search, and their defaults.
 *
 * The same object is the YAML file of `qsched search` and the input of the `search` workflow. schemas/search.schema.json is
 * generated from it.
 */
import { z } from 'zod';
import { OBJECTIVE_TYPES, OPTIMIZER_NAMES, PRESET_NAMES, SCHEDULER_TYPES, type ObjectiveType } from './names.js';
import { pipelineFields } from './pipeline-choice.js';
import { listBytes } from './wire-bytes.js';

export const name = z
  .string('must be a plain name')
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'must be a plain name: letters, digits, ".", "_" and "-", no folders');

export const whole = (low: number, high: number) =>
  z
    .number(`must be a whole number from ${low} to ${high}`)
    .int(`must be a whole number from ${low} to ${high}`)
    .min(low, `must be from ${low} to ${high}`)
    .max(high, `must be from ${low} to ${high}`);

export const seeds = z
  .array(whole(0, Number.MAX_SAFE_INTEGER), 'must be a list of whole numbers')
  .min(1, 'needs at least one seed')
  .max(64, 'takes at most 64 seeds')
  .refine((list) => new Set(list).size === list.length, 'lists a seed twice');

/** Maximum bytes of the texts of one group: they cross the wire twice, together with those of the other groups. */
const MAX_TEXT = 200_000;

export const texts = z
  .array(z.string('must be a text').trim().min(1, 'an empty prompt'), 'must be a list of texts')
  .min(1, 'needs at least one prompt')
  .max(
    512,
    'takes at most 512 prompts in the spec itself; put more into a prompt set (npx qsched prompts import) and name it',
  )
  .refine((list) => new Set(list).size === list.length, 'lists a prompt twice')
  .refine(
    (list) => listBytes(list) <= MAX_TEXT,
    `takes at most ${MAX_TEXT / 1000} KB of text in the spec itself; put more into a prompt set (npx qsched prompts import) and name it`,
  );

const promptSource = {
  /** A prompt set under the worker's prompt roots; ignored if `texts` is given. */
  set: name,
  /** Prompts in the spec itself, instead of a set; `count` is then their number. */
  texts: texts.optional(),
};

const bound = z.number('must be a finite number');

const finiteNumber = z.number('must be a finite number');

const stepNumbers = z
  .array(finiteNumber, 'must be a list of numbers, one per step')
  .min(1, 'needs at least one number')
  .max(50, 'takes at most 50 numbers');

/** A published way to sample a few-step model: what of `scheduler` is not given comes from it (presets.ts). */
export const preset = z.enum(PRESET_NAMES).optional();

export const SchedulerChoice = z.strictObject({
  /** The sampler; configured from the model's scheduler_config.json, whatever class it names. */
  type: z.enum(SCHEDULER_TYPES).default('tcd'),
  steps: whole(1, 50).default(4),
  /**
   * Timestep spacing (ddim, euler, euler-ancestral); by default the model's. Flow matching: `trailing` is what FLUX's
   * pipelines pass, sigmas from 1 to 1/N; `linspace` is the scheduler's own, as in Stable Diffusion 3.
   */
  spacing: z.enum(['leading', 'trailing', 'linspace']).optional(),
  /** Noise levels, falling, one per step, without the final 0 (flow matching: before shifting; euler). */
  sigmas: stepNumbers.optional(),
  /** Timesteps, falling, one per step. */
  timesteps: stepNumbers.optional(),
  /** Flow matching: log of the shift, or `flux2`: from tokens and steps. Replaces all shifting of the model's config. */
  mu: z.union([finiteNumber, z.literal('flux2')], 'must be a number, or flux2').optional(),
  /** Flow matching: a shift that does not depend on the size. Replaces all shifting of the model's config. */
  shift: finiteNumber.positive('must be above 0').max(1000, 'must be at most 1000').optional(),
  /** What the network predicts, if the model's config is that of its base. */
  prediction: z.enum(['epsilon', 'sample', 'v_prediction']).optional(),
  /** TCD: gamma of its paper. DDIM: scale of the added noise. 0 deterministic, 1 fully stochastic. */
  eta: z.number('must be a number from 0 to 1').min(0, 'must be from 0 to 1').max(1, 'must be from 0 to 1').default(0),
});

type Chosen = z.infer<typeof SchedulerChoice>;

/** A scheduler as specs, documents and plans name it. */
export type SchedulerChoice = Readonly<Omit<Chosen, 'sigmas' | 'timesteps'>> & {
  readonly sigmas?: readonly number[] | undefined;
  readonly timesteps?: readonly number[] | undefined;
};

export const CoefficientChoice = z.strictObject({
  shape: z.enum(['linear', 'single-scale', 'per-step']).default('linear'),
  tune: z.enum(['both', 'sample', 'noise']).default('both'),
  range: z
    .tuple([bound, bound], 'must be two numbers, as in [0.8, 1.2]')
    .refine(([low, high]) => low < high, 'must go from low to high, as in [0.8, 1.2]')
    .refine(([low, high]) => low > 0 && high <= 10, 'must lie within (0, 10]')
    .default([0.8, 1.2]),
  /**
   * How far the range may grow where the best candidate sits on its edge, for optimizers with a model of the surface
   * (auto, gp); null: never. By default [0.5, 1.5] if no range is given, and null if one is.
   */
  growTo: z
    .tuple([bound, bound], 'must be two numbers, as in [0.5, 1.5], or null')
    .refine(([low, high]) => low >= 0.5 && high <= 1.5, 'must lie within [0.5, 1.5]')
    .nullable()
    .optional(),
});

/** Whether candidates that are worse than the best one are dropped before they are scored on all pairs. */
const RacingChoice = z.union(
  [
    z.enum(['on', 'off']),
    z.strictObject({
      /**
       * (Prompt, seed) pairs on which a candidate is scored before the first comparison; every further comparison at
       * least doubles them. By default as few as fill network calls with a generation, and at least 4.
       */
      block: whole(2, 100_000).optional(),
      /**
       * One-sided level of the paired t test against the leader, over all comparisons. At 0.5 whoever is behind is
       * dropped. By default 0.5 for optimizers with a model of the surface (auto, gp), which keep what they have learnt
       * from those who were dropped, and 0.05 for the others.
       */
      alpha: z
        .number('must be a number above 0 and at most 0.5')
        .gt(0, 'must be above 0')
        .max(0.5, 'must be at most 0.5')
        .optional(),
    }),
  ],
  'must be on, off, or a group with alpha and block',
);

const weightK = z
  .number('must be a number that is not negative')
  .min(0, 'must not be negative')
  .max(1000, 'must be at most 1000');

/** The weight of image quality if a search neither gives nor settles one. */
export const DEFAULT_K = 2;

const objectiveFields = {
  /** By default `jaq-clip`, or `weighted` if weights are given. */
  type: z.enum(OBJECTIVE_TYPES).optional(),
  /** Weight of image quality in TC + k * IQ (paper, Eq. 3); of the text term in `jaq-preference-tables`. */
  k: weightK.default(DEFAULT_K),
  /** One of the model's scorers, or a scorer folder under the model roots. */
  scorer: name.default('objective'),
  /** A weighted sum of scores: `{ score: weight }` or `{ score@scorer: weight }`; negative if lower is better. */
  weights: z
    .record(z.string(), z.number('must be a finite number'), 'must be a group of scores with weights')
    .optional(),
};

const withType = <T extends { type?: ObjectiveType | undefined; weights?: unknown }>({ type, ...rest }: T) => ({
  type: type ?? (rest.weights === undefined ? ('jaq-clip' as const) : ('weighted' as const)),
  ...rest,
});

export const ObjectiveChoice = z.strictObject(objectiveFields).transform(withType);

export type ObjectiveChoice = z.output<typeof ObjectiveChoice>;

/** What an objective is made of, whatever its k is. */
export type ObjectiveTerms = Omit<ObjectiveChoice, 'k'>;

const SearchObjective = z
  .strictObject({
    ...objectiveFields,
    /** The same; `auto`: the k at which both terms vary equally over the first design, which the search settles. */
    k: z.union([z.literal('auto'), weightK], 'must be a number that is not negative, or auto').default(DEFAULT_K),
    /**
     * Gains over the baseline that a candidate needs to be the best: `{ text: -0.002 }` allows the text term to fall by
     * 0.002. `text`, `quality`, or any score of the objective's scorers; a gain is an improvement, also where lower is better.
     */
    atLeast: z
      .record(z.string(), z.number('must be a finite number'), 'must be a group of scores with numbers')
      .optional(),
    /**
     * What is maximised: the gain (default), or `repair`: what of it the full-precision network does not gain with the
     * same coefficients. `objective: repair` is short for the latter.
     */
    goal: z.enum(['gain', 'repair']).optional(),
  })
  .transform(({ goal, ...rest }) => ({ ...withType(rest), ...(goal === 'repair' ? { goal } : {}) }));

/** The objective of a search, whose k may have to be settled. */
export type SearchObjective = z.output<typeof SearchObjective>;

export const OptimizerChoice = z.strictObject({
  type: z.enum(OPTIMIZER_NAMES).default('auto'),
  /**
   * Number of candidates, in addition to the baseline, which is always evaluated. By default 8 per number that is
   * searched for auto and gp, at least 16, and 200 for the others.
   */
  budget: whole(1, 1_000_000).default(32),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(0),
  /** Candidates per generation; by default the optimizer's choice. */
  batch: whole(1, 100_000).optional(),
  /** Grid only: points per dimension. */
  gridPoints: whole(2, 1001).optional(),
});

/** Validates a search and fills its defaults; only `model` is required. */
export const SearchSpec = z.strictObject({
  model: name,
  precision: name.default('w4a8'),
  preset,
  ...pipelineFields,
  scheduler: SchedulerChoice.prefault({}),
  coefficients: CoefficientChoice.prefault({}),
  objective: SearchObjective.prefault({}),
  prompts: z
    .strictObject({
      ...promptSource,
      set: name.default('shapes-calibration'),
      count: whole(1, 10_000).default(20),
      seeds: seeds.default([0, 1]),
    })
    .prefault({}),
  optimizer: OptimizerChoice.prefault({}),
  /** How candidates are raced; `off`: every candidate is scored on all pairs. By default off for the grid, else on. */
  racing: RacingChoice.optional(),
  /**
   * An earlier search whose scores the optimizer (auto, gp) starts from: its id; `none`; or `auto`, which takes a finished
   * search of the same model at another precision if there is one.
   */
  prior: z.union([z.enum(['auto', 'none']), name]).default('auto'),
  /**
   * What is found out first: `match` fits every step to the full-precision network by least squares, at the cost of two
   * candidates, and asks the nearest candidate first (auto, gp, cma-es).
   */
  start: z.enum(['none', 'match']).default('none'),
  select: z
    .strictObject({
      ...promptSource,
      set: name.default('shapes-select'),
      count: whole(1, 10_000).default(64),
      seeds: seeds.default([500]),
      /** How many of the best candidates are scored again before the finalist is chosen. */
      finalists: whole(1, 100).default(5),
    })
    .prefault({}),
  confirm: z
    .strictObject({
      ...promptSource,
      set: name.default('shapes-heldout'),
      /** At least 2, because an interval needs a spread. */
      count: whole(2, 100_000).default(128),
      seeds: seeds.default([1000]),
      /** Scorers outside the objective in which the verdict needs a gain too. */
      scorers: z.array(name, 'must be a list of names').max(8, 'takes at most 8 scorers').default(['second']),
    })
    .prefault({}),
  /** What is done with the full-precision network for comparison. */
  control: z.enum(['none', 'evaluate', 'search']).default('none'),
  /** How long to wait for a worker on the queue, in seconds. */
  waitForWorker: whole(1, 7 * 24 * 3600).default(600),
  /** Retry images that are stored as failures. */
  retryFailed: z.boolean('must be true or false').default(false),
});

/** A validated search: every default filled. */
export type SearchSpec = z.infer<typeof SearchSpec>;

/** What a user may write: everything except `model` is optional. */
export type SearchSpecInput = z.input<typeof SearchSpec>;
