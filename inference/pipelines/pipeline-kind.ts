/**
 * What a model folder may be: one kind per file beside this one, listed in kinds.ts.
 */
import type { Batches, PipelineOptions } from '../../contract/wire/network.js';
import type { NetworkFile } from '../models/network-file.js';
import type { Pipeline } from './pipeline.js';

/** A model at one precision, with its settings read and nothing loaded. */
export interface PipelineModel {
  /** Files relative to the folder that determine the model's output, without external data. */
  readonly files: readonly string[];
  /** (C, h, w) of a latent. */
  readonly latentShape: readonly [number, number, number];
  readonly networks: readonly NetworkFile[];
  open(options: PipelineSession): Promise<Pipeline>;
}

/** How a pipeline's networks are opened. */
export interface PipelineSession {
  readonly batches: Batches;
  readonly threads: number;
  readonly device?: string;
}

/** One kind of model folder. */
export interface PipelineKind {
  /** The file by which a folder of this kind is told from others, for messages. */
  readonly marker: string;
  /** Whether a folder is of this kind, by what it holds. */
  matches(folder: string): boolean;
  /** The precisions that a folder has, sorted. */
  precisions(folder: string): string[];
  /**
   * Reads a folder.
   *
   * @param precision one of `precisions`
   * @throws QschedError (usage): a missing file, a wrong setting, or an option that this kind does not take
   */
  read(folder: string, precision: string, options: PipelineOptions): PipelineModel;
}
