/**
 * JSON documents of the commands that show what is stored, or what is on this machine.
 */
import { z } from 'zod';
import { coefficients, flag, number, orNull, text, texts } from './values.js';

const loose = z.looseObject({});
const schedule = z.looseObject({ format: text, kind: text, coefficients });

const plan = z.looseObject({
  searchId: text,
  model: text,
  precision: text,
  steps: number,
  optimizer: text,
  budget: number,
  notes: texts,
  minutes: orNull(z.looseObject({ low: number, expected: orNull(number), high: number })),
});

export const LOOK_DOCUMENTS = {
  plan: z.union([plan, z.looseObject({ planned: plan, took: orNull(loose) }).describe('of a stored search')]),
  status: z.array(
    z.looseObject({
      searchId: text,
      status: z.enum(['running', 'paused', 'interrupted', 'finished', 'failed', 'cancelled']),
      confirmed: flag.describe('false: the Temporal server could not be asked whether it still runs'),
      livePage: orNull(text.describe('its address while the live page is served')),
      stage: orNull(text),
      model: text,
      precision: text,
      steps: number,
      optimizer: text,
      budget: number,
      scored: number,
      failed: number,
      raced: number,
      best: orNull(number),
      identity: orNull(number).describe('the score of the baseline'),
      gain: orNull(number).describe('on held-out prompts'),
      gainLow: orNull(number),
      gainHigh: orNull(number),
      verdict: orNull(text),
      seconds: orNull(number),
      createdAt: text,
      updatedAt: text,
    }),
  ),
  best: z.array(z.looseObject({ searchId: text, status: text, verdict: orNull(text), repair: z.array(loose) })),
  export: z.union([schedule, z.looseObject({ output: text, files: texts })]),
  images: z.looseObject({ searchId: text, folder: text, images: z.array(loose), missing: z.array(loose) }),
  'export-optuna': z.looseObject({ output: text, study: text, trials: number }),
  describe: z.looseObject({ model: text, file: text, description: loose }),
  check: z.looseObject({ model: text, answer: text, provenance: loose }),
  schedules: z.array(z.looseObject({ id: text, kind: text, scheduler: text, steps: number, coefficients })),
  schedule: z.union([schedule, z.looseObject({ id: text, added: flag }).describe('schedule add')]),
  surface: z.looseObject({
    searchId: text,
    rows: text,
    columns: text,
    points: z.array(z.object({ x: number, y: number, score: orNull(number) })),
  }),
  rank: z.looseObject({ searches: z.array(z.looseObject({ id: text })), ks: z.array(loose), pareto: z.array(loose) }),
  pareto: z.looseObject({ searchId: text, status: text, model: text, precision: text }),
  init: z.looseObject({ output: text, spec: loose }),
  models: z.looseObject({
    models: z.array(
      z.looseObject({
        name: text,
        path: text,
        precisions: texts,
        bytes: number,
        sha256: orNull(text),
        missing: z.array(loose),
      }),
    ),
  }),
  scores: z.looseObject({
    model: text,
    scores: z.array(z.looseObject({ score: text, installed: flag })),
    scorers: z.array(z.looseObject({ scorer: text })),
  }),
  prompts: z.union([
    z.looseObject({ sets: z.array(z.looseObject({ name: text })) }).describe('list, split and check'),
    z.looseObject({ name: text, path: text, format: text, read: number, prompts: number }).describe('import'),
  ]),
};
