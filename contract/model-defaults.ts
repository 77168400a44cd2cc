/**
 * What a search, a fit or a row of a table takes from its model where the user says nothing.
 */
import { z } from 'zod';
import { OBJECTIVE_TYPES, SCHEDULER_TYPES } from './names.js';

/** A default that the model leaves open, with the sentence for a user who leaves it open too. */
const Undecided = z.strictObject({ missing: z.string(), hint: z.string() });
export type Undecided = z.infer<typeof Undecided>;

export const ModelDefaults = z.strictObject({
  scheduler: z.strictObject({
    type: z.union([z.enum(SCHEDULER_TYPES), Undecided]),
    steps: z.number().int(),
    eta: z.number().optional(),
    spacing: z.enum(['leading', 'trailing', 'linspace']).optional(),
  }),
  objective: z.strictObject({ type: z.enum(OBJECTIVE_TYPES), scorer: z.union([z.string(), Undecided]) }),
  /** Scorers outside the objective. */
  scorers: z.array(z.string()),
  /** The scorer whose features carry distances; null without one. */
  features: z.string().nullable(),
  /** Prompt sets, and how many prompts an evaluation takes where its set has few. */
  prompts: z.strictObject({
    calibration: z.string(),
    select: z.string(),
    heldout: z.string(),
    eval: z.string(),
    evalCount: z.number().int().optional(),
  }),
});
export type ModelDefaults = z.infer<typeof ModelDefaults>;

export const isUndecided = (value: unknown): value is Undecided =>
  typeof value === 'object' && value !== null && 'missing' in value;
