/**
 * What a report says of a search: data alone, drawn in `report/charts` and `report/page`, printed by `--json`.
 */
import { z } from 'zod';
import { coefficients, imageSource, interval } from './values.js';

/** The verdict in words, its numbers beside them. */
const verdict = z.object({
  recommend: z.enum(['calibrated', 'identity', 'none']),
  /** One sentence that stands alone, such as "Use the calibrated coefficients: +0.273 JAQ [+0.221, +0.331]." */
  headline: z.string(),
  /** Further sentences: reason, edge of the range, constraints, selection bias, notes of the search. */
  sentences: z.array(z.string()),
  /** Held-out gains, the objective's first. */
  gains: z.array(
    z.object({ scorer: z.string(), prompts: z.int(), identity: z.number(), calibrated: z.number(), gain: interval }),
  ),
  /** The share of the objective's gain that repairs quantisation; null where it is not known. */
  repair: z.object({ gain: interval, full: interval, repair: interval, share: interval.nullable() }).nullable(),
});

/** A trial of any stage, in the order in which it was asked; number 0 is the baseline. */
const trial = z.object({
  stage: z.enum(['calibration', 'select', 'confirm', 'control']),
  number: z.int(),
  status: z.enum(['asked', 'ok', 'failed', 'raced']),
  coefficients,
  score: z.number().nullable(),
  tc: z.number().nullable(),
  iq: z.number().nullable(),
  /** Best calibration score up to and with this trial; null before the first and outside calibration. */
  best: z.number().nullable(),
  /** When its score was recorded, ISO 8601. */
  at: z.string(),
});

/** Scores over two coordinates of the search space. */
const slice = z.object({
  /** Names of the coordinates, such as "sample[0]". */
  x: z.string(),
  y: z.string(),
  xs: z.array(z.number()),
  ys: z.array(z.number()),
  /** `values[j][i]` at (xs[i], ys[j]); null where nothing is known. */
  values: z.array(z.array(z.number().nullable())),
  /** Where the other coordinates are held: at the finalist. */
  held: z.record(z.string(), z.number()),
  /** Scored candidates in the order asked, and the finalist, in these two coordinates. */
  path: z.array(z.object({ x: z.number(), y: z.number(), trial: z.int(), score: z.number().nullable() })),
  finalist: z.object({ x: z.number(), y: z.number() }).nullable(),
  identity: z.object({ x: z.number(), y: z.number() }).nullable(),
});

const surface = z.object({
  /** `grid`: the scores themselves. `model`: the mean of a Gaussian process fitted to them. */
  kind: z.enum(['grid', 'model']),
  slices: z.array(slice),
  /** What was left out or thinned, in words. */
  note: z.string().nullable(),
});

/** The held-out gain of a prompt, the mean over its seeds. */
const promptGain = z.object({
  position: z.int(),
  prompt: z.string(),
  scorer: z.string(),
  baseline: z.number(),
  finalist: z.number(),
  gain: z.number(),
});

/** One held-out prompt and seed under the baseline, the finalist, and the baseline of the full-precision network. */
const imageTriple = z.object({
  prompt: z.string(),
  seed: z.int(),
  /** Why it is shown: one of the best, the worst, or the ones between. */
  chosen: z.enum(['best', 'worst', 'between']),
  gain: z.number().nullable(),
  identity: imageSource,
  calibrated: imageSource,
  /** Null where the search had no full-precision network. */
  reference: imageSource.nullable(),
});

/** Both terms of the calibration trials that can be compared, so that any k can be tried: score = tc + k x iq, or k x tc + iq. */
const pareto = z.object({
  k: z.number().nullable(),
  kWeighs: z.enum(['text', 'quality']),
  points: z.array(
    z.object({
      trial: z.int(),
      tc: z.number(),
      iq: z.number(),
      /** Whether both are estimates, from the images that it had when it was raced out. */
      estimated: z.boolean(),
      front: z.boolean(),
      chosen: z.boolean(),
    }),
  ),
});

/** Where the time went. Times in seconds since the search was opened. */
const timeline = z.object({
  workers: z.array(
    z.object({
      name: z.string(),
      blocks: z.array(
        z.object({ from: z.number(), to: z.number(), stage: z.string(), evaluations: z.int(), paddedRows: z.number() }),
      ),
    }),
  ),
  /** Sums over workers, the longest first: stages, and within them ONNX Runtime against the rest. */
  spent: z.array(
    z.object({ what: z.string(), seconds: z.number(), runtimeSeconds: z.number(), paddedRows: z.number() }),
  ),
  /** Seconds from the start to the last change. */
  elapsed: z.number(),
});

export const searchDocument = z.object({
  kind: z.literal('search'),
  id: z.string(),
  status: z.enum(['running', 'paused', 'finished', 'failed', 'cancelled']),
  /** Why it failed or was cancelled. */
  message: z.string().nullable(),
  /** Stage and counts while it runs, in words; null when it ended. */
  progress: z.object({ stage: z.string(), told: z.int(), budget: z.int(), seconds: z.number() }).nullable(),
  model: z.string(),
  precision: z.string(),
  scheduler: z.string(),
  steps: z.int(),
  optimizer: z.string(),
  /** The objective as a formula, such as "text + 0.9 x quality". */
  objective: z.string(),
  verdict: verdict.nullable(),
  /** What to use and what was searched; the coefficients of every step, and its timestep where the scheduler has one. */
  schedule: z.object({
    timesteps: z.array(z.number()),
    finalist: coefficients.nullable(),
    recommended: coefficients.nullable(),
    /** Limits of the range that was searched. */
    range: z.tuple([z.number(), z.number()]),
  }),
  trials: z.array(trial),
  /** Calibration score of the baseline; null while it is not scored. */
  baseline: z.number().nullable(),
  surface: surface.nullable(),
  /** Held-out gains per prompt, the objective's scorer first, in prompt order. */
  prompts: z.array(promptGain),
  images: z.array(imageTriple),
  /** About all of them: their size, and that at which they are shown if it is smaller; null without images. */
  imageNote: z.string().nullable(),
  /** Null where the objective is not a sum of two terms. */
  pareto: pareto.nullable(),
  /** Share of the score's variance that each coordinate explains, the largest first; null from too few trials. */
  importances: z.array(z.object({ name: z.string(), share: z.number() })).nullable(),
  timeline,
  /** Hashes, versions, devices: names and values in the order shown. */
  provenance: z.array(z.object({ name: z.string(), value: z.string() })),
  /** The command that repeats the search. */
  command: z.string(),
  /** What to type next, each with what it does. */
  next: z.array(z.object({ command: z.string(), what: z.string() })),
});

export type SearchDocument = z.infer<typeof searchDocument>;
