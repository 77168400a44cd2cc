/**
 * The pipeline of a model folder.
 */
import { batchesOf } from '../models/batches.js';
import type { ModelFolder } from '../models/model-folder.js';
import type { Pipeline } from './pipeline.js';

/** How a process runs networks. */
export interface DeviceOptions {
  /** Threads of ONNX Runtime. */
  readonly threads: number;
  /** As `--device` names it; by default the CPU. */
  readonly device?: string;
  /** Rows per call of every network; by default as many as the model's size allows. */
  readonly batch?: number;
  /** Whether each network is opened when it first runs, where memory is too short for all at once. */
  readonly late?: boolean;
  /** Addresses of the model servers that this process started, by model. */
  readonly servers?: Readonly<Record<string, string>>;
}

/**
 * Opens a model's networks; those that are open already in this process are shared.
 *
 * @throws QschedError (usage) if ONNX Runtime cannot load one of them
 */
export const openPipeline = (model: ModelFolder, { batch, ...options }: DeviceOptions): Promise<Pipeline> =>
  model.open({ ...options, batches: batchesOf(model, batch) });
