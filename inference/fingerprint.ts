/**
 * The identity of a model on this machine: hashes of its files, and what it is computed with.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from '../artefacts/artefact-keys.js';
import type { NetworkDescription, NumericClass } from '../contract/wire/describe.js';
import type { Batches } from '../contract/wire/network.js';
import { planMemory, refuseTooLittleMemory } from './memory-plan.js';
import { batchesOf, batchOf } from './models/batches.js';
import { hashFiles } from './models/file-hashes.js';
import type { ModelFolder } from './models/model-folder.js';
import { hasHalves } from './models/network-file.js';
import { memoryOf, numericClass } from './models/numeric-class.js';
import { readGraph } from './models/onnx-graph.js';

/** What this process computes with. */
export interface Arithmetic {
  /** As `--device` names it; by default the CPU. */
  readonly device?: string;
  /** Rows per call of every network; by default as many as the model's size allows. */
  readonly batch?: number;
}

/**
 * `qsched-score-<first 12 of hash(model files, numeric class)>`: who serves it has exactly these. The size of an image
 * changes rows per call and not the queue, so `batch` is what the worker was given, or null.
 */
export const scoreQueueOf = (
  files: Readonly<Record<string, string>>,
  numeric: Omit<NumericClass, 'batch'> & { readonly batch: NumericClass['batch'] | null },
): string => `qsched-score-${hashOf({ files, numeric }).slice(0, 12)}`;

type Fingerprint = Pick<
  NetworkDescription,
  'files' | 'numeric' | 'batches' | 'preprocessing' | 'network' | 'scoreQueue'
>;

/** The numeric class of a model: this process's own, and that of its server where it has one. */
export const numericOf = (
  { served }: Pick<ModelFolder, 'served'>,
  batches: Batches,
  device?: string,
): NumericClass => ({
  ...numericClass(batchOf(batches), device),
  ...served?.numeric,
});

/** Hashes of a model and of everything that decides its numbers. */
export async function fingerprintOf(model: ModelFolder, { device, batch }: Arithmetic): Promise<Fingerprint> {
  const { folder, precision, options } = model;
  const batches = batchesOf(model, batch);
  const numeric = numericOf(model, batches, device);
  const files = await hashFiles(folder, model.files);
  // 0.1.0 read float16 outputs as whole numbers: its scores of such networks must not be reused.
  const halves = model.networks.some(({ file }) => hasHalves(readGraph(join(folder, file))));
  const preprocessing: Record<string, number> = { ...(halves ? { float16: 1 } : {}), ...model.preprocessing };
  const scoreQueue = scoreQueueOf(files, { ...numeric, batch: batch ?? null });
  const network = hashOf({
    files,
    precision,
    numeric,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(Object.keys(preprocessing).length === 0 ? {} : { preprocessing }),
  });
  return { files, numeric, batches, preprocessing, network, scoreQueue };
}

/**
 * Bytes of a model's files, and of the memory for it.
 *
 * @throws QschedError (failure, final) if the model does not fit
 */
export function sizesOf(
  model: ModelFolder,
  { device, batch }: Arithmetic,
): Pick<NetworkDescription, 'bytes' | 'memoryBytes'> {
  const bytes = model.files.reduce((sum, file) => sum + statSync(join(model.folder, file)).size, 0);
  const memoryBytes = memoryOf(device);
  // Whoever gives the rows per call may know better than the estimate.
  if (batch === undefined) {
    const plan = planMemory(model, device === undefined ? {} : { device }, memoryBytes);
    refuseTooLittleMemory(`${model.name} ${model.precision}`, plan);
  }
  return { bytes, memoryBytes };
}
