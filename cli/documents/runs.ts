/**
 * JSON documents of the commands that run something.
 */
import { z } from 'zod';
import {
  coefficients,
  flag,
  gain,
  number,
  orNull,
  promptSplit,
  recommend,
  scheduler,
  scored,
  text,
  texts,
} from './values.js';

const heldOut = z.looseObject({
  prompts: number,
  gain: number,
  low: number,
  high: number,
  recommend,
  reason: text,
  scorers: z.array(gain),
  calibrationGain: orNull(number),
  optimism: orNull(number),
});

const evaluated = z.looseObject({
  model: text,
  precision: text,
  scheduler: text,
  steps: number,
  eta: number,
  schedule: text,
  coefficients,
  images: number,
  failed: number,
  fid: orNull(number),
  objective: orNull(number),
  gains: z.array(gain),
  recommend: orNull(recommend),
  pHolm: orNull(number),
});

const side = z.looseObject({ name: text, key: text, records: texts });

const table = { evaluateId: text, prompts: promptSplit, seconds: number };

/** `search` and `resume`. */
const search = z.looseObject({
  searchId: text,
  status: z.literal('finished'),
  model: text,
  precision: text,
  steps: number,
  optimizer: text,
  trials: number,
  evaluations: number,
  reused: number,
  failed: number,
  best: scored.describe('on the calibration prompts; not confirmed'),
  identity: scored.describe('the baseline'),
  finalist: coefficients.describe('what was confirmed, and is to be used if recommended'),
  notes: texts,
  heldOut,
  control: orNull(z.looseObject({ precision: text })),
  work: orNull(z.looseObject({})),
  database: orNull(text),
  temporalUi: orNull(text),
  seconds: number,
});

const fit = z.looseObject({
  id: text.describe('of the stored schedule'),
  document: z.looseObject({ format: text, kind: text, coefficients }),
  trajectories: number,
  seconds: number,
});

const steered = { update: text, message: text };
const controlled = z.looseObject({ searchId: text, ...steered });
/** Of a search, an evaluation or a gate. */
const held = z.union([
  controlled,
  z.looseObject({ evaluateId: text, ...steered }),
  z.looseObject({ gateId: text, ...steered }),
]);

export const RUN_DOCUMENTS = {
  up: z.looseObject({
    address: text,
    namespace: text,
    temporalUi: orNull(text),
    database: orNull(text),
    models: texts,
  }),
  worker: z.looseObject({ address: text, namespace: text, models: texts, queues: texts }),
  search,
  resume: search,
  cancel: z.looseObject({ id: text, outcome: z.enum(['cancelled', 'closing', 'gone']) }),
  pause: held,
  unpause: held,
  stop: controlled,
  extend: controlled,
  enqueue: controlled,
  priority: held,
  ptqd: fit,
  match: fit,
  evaluate: z.looseObject({
    ...table,
    rows: z.array(evaluated),
    objective: z.looseObject({ type: text }),
    generated: number,
    reused: number,
    warnings: texts,
    database: orNull(text),
  }),
  gate: z.looseObject({
    gateId: text,
    verdict: z.enum(['passed', 'failed', 'undecided']),
    reason: text,
    reference: side,
    candidate: side,
    scores: z.array(
      z.looseObject({
        name: text,
        kind: z.enum(['pointwise', 'pairwise']),
        better: z.enum(['higher', 'lower']),
        estimate: number,
        low: orNull(number),
        high: orNull(number),
        margin: number.describe('pointwise: the largest loss; pairwise: the limit of the score itself'),
        spread: orNull(number).describe('standard deviation of the reference between seeds'),
        state: z.enum(['passed', 'failed', 'open']),
      }),
    ),
    prompts: z.looseObject({ count: number, most: number, seeds: z.array(number), sha256: text }),
    looks: z.array(z.looseObject({ prompts: number, verdict: text })),
    promptsToDecide: orNull(number),
    repair: orNull(text).describe('the command that searches coefficients for a candidate that failed'),
    calibration: orNull(
      z.looseObject({ searchId: text, recommend, before: z.looseObject({ verdict: text }) }),
    ).describe('with --calibrate: the search, and the gate before it'),
    generated: number,
    reused: number,
    warnings: texts,
    seconds: number,
    database: orNull(text),
  }),
  confirm: z.looseObject({
    ...table,
    searches: z.array(z.looseObject({ searchId: text, gains: z.array(gain) })),
    recommend,
  }),
  reproduce: z.union([
    z.looseObject({
      study: text,
      title: text,
      ...table,
      columns: texts,
      rows: z.array(z.looseObject({ label: text })),
    }),
    z.looseObject({ ptqd: text, qsched: text, rows: z.array(z.looseObject({})) }).describe('reproduce ptqd'),
    z.looseObject({ repeats: number, ratio: number, low: number, high: number }).describe('reproduce overhead'),
  ]),
  generate: z.looseObject({
    model: text,
    precision: text,
    scheduler,
    schedule: text.describe('where the schedule is from, in words'),
    coefficients,
    prompt: text,
    images: z.array(z.looseObject({ seed: number, path: text, width: number, height: number })),
    seconds: number,
  }),
  doctor: z.union([
    z.looseObject({
      ok: flag,
      findings: z.array(z.looseObject({ check: text, ok: flag, detail: text, advice: text, required: flag })),
    }),
    z.looseObject({ plans: z.array(z.looseObject({ model: text, precision: text, bytes: number, fits: number })) }),
  ]),
  clean: z.looseObject({ folder: text, maxBytes: number, dryRun: flag }),
  completion: z.looseObject({ shell: text, script: text }),
};
