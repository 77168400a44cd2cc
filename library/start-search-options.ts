/**
 * What a program may say about a search that it starts.
 */

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
