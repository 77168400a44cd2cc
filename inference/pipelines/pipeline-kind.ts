/**
 * What a model folder may be: one kind per file beside this one, listed in kinds.ts.
 */
import type { Batches, PipelineOptions } from '../../contract/wire/network.js';
import type { ModelParts } from '../models/model-parts.js';
import type { NetworkFile } from '../models/network-file.js';
import type { Pipeline } from './pipeline.js';

/** A model at one precision, with its settings read and nothing loaded. */
export interface PipelineModel {
  /** Files relative to the folder that determine the model's output, without external data. */
  readonly files: readonly string[];
  /** (C, h, w) of a latent. */
  readonly latentShape: readonly [number, number, number];
  readonly networks: readonly NetworkFile[];
  /** Rows of a denoiser's call per latent: 2 with classifier-free guidance; by default 1. */
  readonly rowsPerLatent?: number;
  /** Folders of the tokenizers that texts go through; empty for a model that takes no text. */
  readonly tokenizers: readonly string[];
  /** Versions of our own preprocessing, where a fix changed this model's numbers: part of its identity. */
  readonly preprocessing?: Readonly<Record<string, number>>;
  /** Sentences for the reader, such as a setting that the folder lacks and a default replaces. */
  readonly notes?: readonly string[];
  /** Given where the networks run behind a model server: what it said of itself. */
  readonly served?: {
    /** Whether texts reach it; of other models, their tokenizers tell. */
    readonly readsText: boolean;
    readonly batches: Omit<Batches, 'scorer'>;
    /** What the numeric class has beside this process's own. */
    readonly numeric: Readonly<Record<string, unknown>>;
  };
  open(options: PipelineSession): Promise<Pipeline>;
}

/** Whether a model's images depend on texts. */
export const readsText = ({ served, tokenizers }: Pick<PipelineModel, 'served' | 'tokenizers'>): boolean =>
  served?.readsText ?? tokenizers.length > 0;

/** How a pipeline's networks are opened. */
export interface PipelineSession {
  readonly batches: Batches;
  readonly threads: number;
  readonly device?: string;
  /** Whether each network is opened when it first runs. */
  readonly late?: boolean;
  /** Addresses of the model servers that this process started, by model. */
  readonly servers?: Readonly<Record<string, string>>;
}

/** One kind of model folder. */
export interface PipelineKind {
  /** Whether a folder is of this kind, by what it holds and what its denoiser takes. */
  matches(parts: ModelParts): boolean;
  /**
   * Reads a folder.
   *
   * @throws QschedError (usage): a missing file, a wrong setting, or an option that this kind does not take
   */
  read(parts: ModelParts, options: PipelineOptions): PipelineModel;
}
