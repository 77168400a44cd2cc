/**
 * qsched.json of a model folder: what the model's files alone do not say. Every key is optional.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { QschedError } from '../../contract/errors.js';
import { explainIssues } from '../../contract/explain-issues.js';
import { name, SchedulerChoice } from '../../contract/search-spec.js';
import { readJson } from './folder-files.js';

const FILE = 'qsched.json';
const { type, steps, eta, spacing } = SchedulerChoice.shape;

const OwnSettings = z.strictObject({
  /** Scorer role -> scorer folder: `objective`, `second`, and roles of your own. */
  scorers: z.record(z.string(), name).optional(),
  /** Prompt sets that a search uses by default, and that of an evaluation. */
  prompts: z.strictObject({ calibration: name, select: name, heldout: name, eval: name }).partial().optional(),
  /** The precision of a search that names none. */
  defaultPrecision: name.optional(),
  /** How the model is sampled by default. */
  scheduler: z
    .strictObject({ type: type.unwrap(), steps: steps.unwrap(), eta: eta.unwrap(), spacing })
    .partial()
    .optional(),
});
export type OwnSettings = z.infer<typeof OwnSettings>;

/** Keys of the bundled file of 0.1, which nothing reads: the model's files say it themselves. */
const RETIRED = ['precisions', 'image', 'latent'];

/** @throws QschedError (usage) that names the file, the key and what is allowed */
export function ownSettings(folder: string): OwnSettings {
  if (!existsSync(join(folder, FILE))) return {};
  const written = Object.entries(readJson(folder, FILE) as object);
  const input = Object.fromEntries(written.filter(([key]) => !RETIRED.includes(key)));
  const result = OwnSettings.safeParse(input);
  if (result.success) return result.data;
  const { message, hint } = explainIssues(result.error.issues, {
    schema: OwnSettings,
    input,
    example: 'For example: {"defaultPrecision": "w4a8"}',
  });
  throw new QschedError('usage', `${join(folder, FILE)}: ${message}`, hint);
}
