/**
 * Jobs of the engine's thread, and what it is started with. Requests and results are those of the wire.
 */
import type { CompareRequest, CompareResult } from '../../contract/wire/compare.js';
import type { FitMatchRequest, FitMatchResult, FitPtqdRequest, FitPtqdResult } from '../../contract/wire/fit.js';
import type { RenderRequest, RenderResult } from '../../contract/wire/render.js';
import type { ScoreRequest, ScoreResult } from '../../contract/wire/score.js';
import type { EngineOptions } from './engine-parts.js';

/** Jobs by name. */
export type EngineJobs = {
  readonly score: { readonly job: ScoreRequest; readonly result: ScoreResult };
  readonly render: { readonly job: RenderRequest; readonly result: RenderResult };
  readonly compare: { readonly job: CompareRequest; readonly result: CompareResult };
  readonly fit: { readonly job: FitPtqdRequest; readonly result: FitPtqdResult };
  readonly match: { readonly job: FitMatchRequest; readonly result: FitMatchResult };
};

/** What the thread is started with. */
export interface EngineThreadData extends EngineOptions {
  /** The artefact folder, if images are to be kept. */
  readonly artefacts?: string;
}
