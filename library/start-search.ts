/**
 * Starting a search from a program. Temporal and ONNX Runtime are loaded when one starts, not when the package is imported.
 */
import type { SearchSpecInput } from '../contract/search-spec.js';
import type { SearchHandle } from './search-handle.js';

/** Where and how a search runs. */
export interface StartSearchOptions {
  /** By default one that follows from the spec, so that the same spec joins or continues the same search. */
  readonly id?: string;
  /** Scoring processes to start, if no workers are running; by default one per core for small models. */
  readonly workers?: number;
  /** The execution provider of these processes: cpu (default), webgpu, cuda, ... */
  readonly device?: string;
  /** Whether to wait for workers of a configured server (TEMPORAL_ADDRESS) instead of failing. */
  readonly wait?: boolean;
  /** Receives one line at a time of what happens; by default nothing is written anywhere. */
  readonly say?: (line: string) => void;
}

/**
 * Starts a search, joins it if it runs, continues it if it was interrupted, or finds it finished: what `qsched search` does.
 * It uses the server and the workers that run, or starts them.
 *
 * @param spec as in a spec file; `model` is a name or the path of a folder
 * @throws QschedError (usage): a spec, a model or prompts that are not right, with the field, or an id that another search
 *   has; (failure): no server, or no workers at a configured one
 */
export async function startSearch(spec: SearchSpecInput, options: StartSearchOptions = {}): Promise<SearchHandle> {
  const { beginSearch } = await import('./begin-search.js');
  return beginSearch(spec, options);
}
