/**
 * Networks whose files are here, as far as rows of the denoiser are concerned.
 */
import { pipelineOptions } from '../../contract/pipeline-choice.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { Batches } from '../../contract/wire/network.js';
import { SAMPLER_BUDGET } from '../../inference/engine/sampler.js';
import { batchesOf } from '../../inference/models/batches.js';
import { openModelFolder, type ModelFolder } from '../../inference/models/model-folder.js';
import { numericOf } from '../../inference/fingerprint.js';
import type { CountedNetwork } from '../../planning/cost/search-plan.js';
import type { Serving } from '../host/serving.js';

/** Bytes of a latent's value. */
const FLOAT_BYTES = 4;

/** A network of this machine. */
export interface NetworkHere extends Omit<CountedNetwork, 'speed'> {
  readonly folder: ModelFolder;
  readonly batches: Batches;
  /** What stored speeds must have been measured with. */
  readonly numeric: Readonly<Record<string, unknown>>;
}

/**
 * Reads a model's folder; nothing is loaded.
 *
 * @param precision as `openModelFolder` takes it
 * @throws QschedError (usage) as `openModelFolder` does
 */
export function networkHere(spec: SearchSpec, precision: string, { device, batch }: Serving): NetworkHere {
  const folder = openModelFolder(spec.model, precision, undefined, pipelineOptions(spec));
  const batches = batchesOf(folder, batch);
  const [channels, height, width] = folder.latentShape;
  const { steps } = spec.scheduler;
  const remembered = Math.floor(SAMPLER_BUDGET.firstCalls / (channels * height * width * FLOAT_BYTES));
  return {
    folder,
    precision: folder.precision,
    rules: { steps, batch: batches.denoiser, rowsPerLatent: folder.rowsPerLatent ?? 1, remembered },
    batches,
    numeric: numericOf(folder, batches, device),
  };
}
