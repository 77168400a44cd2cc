/**
 * What a loaded engine is known by.
 */

/** Which engine a job needs; engines are kept by this identity. */
export interface EngineIdentity {
  readonly model: string;
  readonly precision: string;
  /** Scorer roles, in order. */
  readonly scorers: readonly string[];
}
