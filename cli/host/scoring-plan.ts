/**
 * How many scoring processes, and how many threads each.
 *
 * A small network leaves most of a second thread idle, so one process per core is faster; a large one
 * would be loaded once a process, so there is one. Scores do not depend on either.
 */
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findModel } from '../../inference/models/model-roots.js';

/** Below this a model's full-precision network is small. */
const SMALL_BYTES = 256 * 1024 * 1024;
const MAX_PROCESSES = 8;

/** What is started. */
export interface ScoringPlan {
  readonly processes: number;
  readonly threads: number;
}

/** @param wanted processes that the user asked for; undefined lets the models' size decide */
export function scoringPlan(
  models: readonly string[],
  wanted: number | undefined,
  cores = availableParallelism(),
): ScoringPlan {
  const small = models.every((model) => statSync(join(findModel(model), 'unet', 'model.onnx')).size < SMALL_BYTES);
  const processes = wanted ?? (small ? Math.min(cores, MAX_PROCESSES) : 1);
  return { processes, threads: Math.max(1, Math.floor(cores / processes)) };
}
