/**
 * `qsched-schedule/1`: one schedule as a document, whatever its origin. `qsched export` writes it, `qsched schedule add`
 * reads it, the database stores it, and tools/qsched_diffusers.py applies it. schemas/schedule.schema.json is generated
 * from it.
 */
import { z } from 'zod';
import { canonicalJson } from './canonical-json.js';
import type { Coefficients } from './coefficients.js';
import { QschedError } from './errors.js';
import { pipelineFields } from './pipeline-choice.js';
import { Provenance } from './provenance.js';
import { ClippedStep, fusedWeights, isClipped, scaleClippedStep, scaleFusedStep } from './schedule-step.js';
import { SchedulerChoice } from './search-spec.js';

/** The name and version of the format. */
export const SCHEDULE_FORMAT = 'qsched-schedule/1';

const finite = z.number('must be a finite number');
const numbers = z
  .array(finite, 'must be a list of numbers')
  .min(1, 'needs at least one number')
  .max(50, 'takes at most 50 numbers');

/** The steps of a schedule: fused, or clipped where the scheduler clips its predicted sample. */
export const FusedDocument = z.strictObject({
  scheduler: z.string(),
  initNoiseSigma: finite,
  steps: z
    .array(z.union([z.strictObject(fusedWeights), ClippedStep]))
    .min(1)
    .max(50),
});

/** The error model of one step (PTQD). */
export const PtqdStepDocument = z.strictObject({
  method: z.enum(['std', 'regression']),
  gamma: finite,
  mu: z.union([finite, z.array(finite)], 'must be a number, or one per channel'),
  variance: finite.min(0, 'must not be negative'),
});

/** How near a least-squares match came to full precision in one step. */
const matchQuality = {
  /** Root mean square distance to the full-precision latents after the step: with coefficients of 1, and with its own. */
  before: finite.min(0, 'must not be negative'),
  after: finite.min(0, 'must not be negative'),
  /** Coefficients that least squares do not determine: they are 1. */
  fixed: z.array(z.enum(['sample', 'noise'])),
};

/** The least-squares match of one step: c^x, c^eps, and how near they come. */
export const MatchedStep = z.strictObject({ sample: finite, noise: finite, ...matchQuality });

export const ScheduleDocument = z.strictObject({
  format: z.literal(SCHEDULE_FORMAT, `must be "${SCHEDULE_FORMAT}"`),
  kind: z.enum(['identity', 'q-sched', 'ptqd', 'match', 'file']).default('file'),
  /** The model it was made for; absent if it depends only on the scheduler. */
  model: z.string().optional(),
  precision: z.string().optional(),
  /** How the model was run, where that is not its own way. */
  pipeline: z.strictObject(pipelineFields).optional(),
  searchId: z.string().optional(),
  /** Which result of a search: recommended, finalist, best or identity. */
  which: z.string().optional(),
  /** Type, steps and eta; `config` is the model's scheduler_config.json. */
  scheduler: SchedulerChoice.extend({ config: z.record(z.string(), z.unknown()).optional() }),
  /** Timesteps that the network receives, one per step. */
  timesteps: numbers.optional(),
  /** c^x and c^eps, one of each per step. */
  coefficients: z.strictObject({ sample: numbers, noise: numbers }),
  /** PTQD's correction, one per step: the output becomes (m - mu) / (1 + gamma). */
  ptqd: z.array(PtqdStepDocument).optional(),
  /** Where the coefficients are a least-squares match: how near it came, one entry per step. */
  match: z.array(z.strictObject(matchQuality)).optional(),
  /** The steps with coefficients and correction applied. */
  fused: FusedDocument.optional(),
  /** The steps of the same scheduler without either. */
  identity: FusedDocument.optional(),
  /** The verdict of the search. */
  heldOut: z.unknown().optional(),
  /** Where it comes from; `qsched check` reads it. */
  provenance: Provenance.optional(),
});

type Fixed<T> = T extends object ? { readonly [K in keyof T]: Fixed<T[K]> } : T;

/** A fused schedule as plain JSON. */
export type FusedDocument = Fixed<z.infer<typeof FusedDocument>>;
export type PtqdStepDocument = Fixed<z.infer<typeof PtqdStepDocument>>;
export type MatchedStep = Fixed<z.infer<typeof MatchedStep>>;
export type ScheduleDocument = Fixed<z.infer<typeof ScheduleDocument>>;

/** A document that contains its steps. */
export type CompleteSchedule = Omit<ScheduleDocument, 'timesteps' | 'fused'> & {
  readonly timesteps: readonly number[];
  readonly fused: FusedDocument;
};

/**
 * Reads a document.
 *
 * @param where name of the document in messages, for example its path
 * @throws QschedError (usage) with the field, its value and what is allowed
 */
export function parseSchedule(input: unknown, where: string): ScheduleDocument {
  const result = ScheduleDocument.safeParse(input);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const field = issue.path.join('.');
    const what =
      issue.code === 'unrecognized_keys'
        ? `unknown key "${[...issue.path, issue.keys[0]].join('.')}"`
        : `${field === '' ? 'the document' : field} ${issue.message}`;
    throw new QschedError(
      'usage',
      `${where} is not a schedule: ${what}.`,
      `The expected format is ${SCHEDULE_FORMAT}: see schemas/schedule.schema.json. \`npx qsched export\` writes it.`,
    );
  }
  const {
    scheduler: { steps },
    coefficients,
    timesteps,
    ptqd,
    match,
    fused,
    identity,
  } = result.data;
  const lengths: [string, number | undefined][] = [
    ['coefficients.sample', coefficients.sample.length],
    ['coefficients.noise', coefficients.noise.length],
    ['timesteps', timesteps?.length],
    ['ptqd', ptqd?.length],
    ['match', match?.length],
    ['fused.steps', fused?.steps.length],
    ['identity.steps', identity?.steps.length],
  ];
  const other = lengths.find(([, length]) => length !== undefined && length !== steps);
  if (other !== undefined) {
    throw new QschedError(
      'usage',
      `${where}: ${other[0]} has ${other[1]} entries, but scheduler.steps is ${steps}.`,
      `Give ${steps}, one per step.`,
    );
  }
  for (const [name, one] of [
    ['fused', fused],
    ['identity', identity],
  ] as const) {
    if (one !== undefined && one.scheduler !== result.data.scheduler.type) {
      throw new QschedError(
        'usage',
        `${where}: ${name} was made with the scheduler "${one.scheduler}", but scheduler.type is "${result.data.scheduler.type}".`,
        'Export the schedule again.',
      );
    }
  }
  return result.data;
}

/** Scales the steps by c^x and c^eps; equal to fusing them in the scheduler. */
export const scaleFused = <D extends FusedDocument>(schedule: D, { sample, noise }: Coefficients): D => ({
  ...schedule,
  steps: schedule.steps.map((step, i) =>
    isClipped(step) ? scaleClippedStep(step, sample[i]!, noise[i]!) : scaleFusedStep(step, sample[i]!, noise[i]!),
  ),
});

/** The content that is hashed: everything that determines the samples, and nothing else. */
export const scheduleContent = (fused: FusedDocument): string => canonicalJson(fused);
