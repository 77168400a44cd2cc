/**
 * The record of a gate's reference: its scores by prompt and seed, with what they follow from. A later gate of the same
 * reference takes them from the record and renders the candidate alone.
 */
import { z } from 'zod';
import { QschedError } from './errors.js';
import { sha256 } from './wire/network.js';

export const GateBaseline = z.strictObject({
  format: z.literal('qsched-gate-baseline/1'),
  /** As tables call it. */
  name: z.string(),
  /** sha256 of what its images follow from: files, precision, pipeline, schedule. */
  key: sha256,
  /** Prompts that it has, sha256 of all those that its gate might have taken, and their seeds. */
  prompts: z.number().int().min(1),
  sha256,
  seeds: z.array(z.number().int()),
  /** By score: sha256 of its scorers and formula, and the values as float64 in base64, prompt by prompt, seed by seed. */
  scores: z.record(z.string(), z.strictObject({ formula: sha256, values: z.string() })),
});
export type GateBaseline = z.infer<typeof GateBaseline>;

/** What a gate needs of a record. */
export interface BaselineWanted {
  readonly key: string;
  readonly sha256: string;
  readonly seeds: readonly number[];
  /** By score. */
  readonly formulas: Readonly<Record<string, string>>;
}

/** @throws QschedError (usage): no such record, or one of other files, prompts, seeds or scores */
export function readBaseline(text: string, where: string): GateBaseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const result = GateBaseline.safeParse(value);
  if (result.success) return result.data;
  throw new QschedError(
    'usage',
    `${where} is no record of a gate's reference.`,
    'Write one with: npx qsched gate ... --write-baseline FILE',
  );
}

/** @throws QschedError (usage): a record of other files, prompts, seeds or scores */
export function refuseOtherBaseline(record: GateBaseline, wanted: BaselineWanted): void {
  const refuse = (what: string): never => {
    throw new QschedError(
      'usage',
      `The baseline is the record of "${record.name}" with ${what}.`,
      'Write a new one without --baseline: npx qsched gate ... --write-baseline FILE',
    );
  };
  if (record.key !== wanted.key) refuse('other files, precision or schedule than the reference has now');
  if (record.sha256 !== wanted.sha256) refuse('other prompts');
  if (record.seeds.join() !== wanted.seeds.join()) refuse(`the seeds ${record.seeds.join(', ')}`);
  for (const [name, formula] of Object.entries(wanted.formulas)) {
    const own = record.scores[name];
    if (own === undefined) refuse(`no score "${name}"`);
    if (own?.formula !== formula) refuse(`another scorer or objective behind "${name}"`);
  }
}
