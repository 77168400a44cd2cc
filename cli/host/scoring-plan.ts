/**
 * How many scoring processes, and how many threads each.
 *
 * On a CPU, a small network leaves most of a second thread idle, so one process per core is faster. A large one would be
 * loaded by every process, a GPU works for one at a time, and so does a model server: there is one. Scores do not depend on either.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { findModel } from '../../inference/models/model-roots.js';
import { isServed } from '../../inference/served/served-folder.js';
import type { Serving } from './serving.js';

/** A model whose denoiser files are smaller than this in total is small. */
const SMALL_BYTES = 256 * 1024 * 1024;
const MAX_PROCESSES = 8;
/** Folders of denoisers. */
const DENOISERS = ['unet', 'transformer'];

/** What is started. */
export interface ScoringPlan {
  readonly processes: number;
  readonly threads: number;
}

/** @param serving what the user asked for; the number of processes is decided by device and models if it is absent */
export function scoringPlan(
  models: readonly string[],
  { processes: wanted, device = 'cpu' }: Serving = {},
  cores = availableParallelism(),
): ScoringPlan {
  const small = models.every((model) => {
    const folder = findModel(model);
    return !isServed(folder) && denoiserBytes(folder) < SMALL_BYTES;
  });
  const processes = wanted ?? (small && device === 'cpu' ? Math.min(cores, MAX_PROCESSES) : 1);
  return { processes, threads: Math.max(1, Math.floor(cores / processes)) };
}

/** Bytes of all files of a model's denoisers, weights in external data of any name included. */
export const denoiserBytes = (folder: string): number =>
  DENOISERS.map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path).map((file) => statSync(join(path, file)).size))
    .reduce((sum, size) => sum + size, 0);
