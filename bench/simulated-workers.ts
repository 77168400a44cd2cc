/**
 * A simulated network: a batch of whole images takes a fixed time, and its score is a smooth function of the coefficients.
 * What remains to be measured is how work is distributed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { hashOf } from '../artefacts/artefact-keys.js';
import { encodeFloats } from '../contract/float-text.js';
import type { DescribeRequest, NetworkDescription } from '../contract/wire/describe.js';
import type { ScoreRequest, ScoreResult } from '../contract/wire/score.js';
import { WIRE_VERSION } from '../contract/wire/version.js';
import { TERM_NAMES } from '../inference/scorers/clip.js';

/** Images per network call. */
export const BATCH = 20;
export const SIMULATED_QUEUE = 'qsched-score-simulated';
export const SIMULATED_MODEL = 'simulated';

const NUMERIC = { provider: 'simulated', onnxruntime: 'none', batch: BATCH };

/** The description that its workers give. */
export function describeSimulated({ model, precision, options, scorers }: DescribeRequest): NetworkDescription {
  const files = { 'unet/model.onnx': `${model} ${precision}` };
  return {
    version: WIRE_VERSION,
    model,
    precision: precision === 'reference' ? 'fp32' : precision,
    options,
    pipeline: 'simulated',
    latentShape: [4, 8, 8],
    schedulerConfig: { _class_name: 'TCDScheduler' },
    precisions: [precision],
    referencePrecision: null,
    scorers: scorers.map((role) => ({
      role,
      name: role,
      kind: 'clip',
      names: [...TERM_NAMES],
      scores: [],
      hasFeatures: false,
      usesNouns: false,
      label: null,
      provenance: { name: role },
    })),
    pluginScores: [],
    files,
    numeric: NUMERIC,
    batches: { text: BATCH, denoiser: BATCH, decoder: BATCH, scorer: BATCH },
    preprocessing: {},
    network: hashOf({ files, precision, numeric: NUMERIC }),
    scoreQueue: SIMULATED_QUEUE,
    bytes: 1,
    memoryBytes: 1e9,
    references: {},
    notes: [],
  };
}

/** Highest if every coefficient is 0.95. */
const qualityOf = ({ sample, noise }: ScoreRequest['candidates'][number]['coefficients']): number =>
  1 - [...sample, ...noise].reduce((sum, c) => sum + (c - 0.95) ** 2, 0);

/**
 * Answers a request after the time of ceil(images / 20) batches.
 *
 * @param worker name of the worker that answers
 * @param secondsPerBatch 0 for a score that costs nothing
 */
export async function scoreSimulated(
  request: ScoreRequest,
  worker: string,
  secondsPerBatch: number,
): Promise<ScoreResult> {
  const pairsOf = ({ pairs }: ScoreRequest['candidates'][number]): number => pairs?.length ?? request.pairs.length;
  const images = request.candidates.reduce((sum, candidate) => sum + pairsOf(candidate), 0);
  const seconds = Math.ceil(images / BATCH) * secondsPerBatch;
  if (seconds > 0) await sleep(seconds * 1000);
  return {
    version: WIRE_VERSION,
    scorers: request.scorers.map(({ role, names }) => ({ scorer: role, names })),
    candidates: request.candidates.map((candidate) => {
      const quality = qualityOf(candidate.coefficients);
      const values = encodeFloats(new Float64Array(pairsOf(candidate) * TERM_NAMES.length).fill(quality));
      return { values: request.scorers.map(() => values), failed: [] };
    }),
    worker,
    seconds,
    runtimeSeconds: seconds,
    denoiserRows: images,
    paddedRows: Math.ceil(images / BATCH) * BATCH,
  };
}
