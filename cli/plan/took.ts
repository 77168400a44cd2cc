/**
 * What a stored search took, and what a plain loop would have taken.
 */
import { QschedError } from '../../contract/errors.js';
import { linearIdOf } from '../../contract/linear-first.js';
import { pipelineOptions } from '../../contract/pipeline-choice.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import type { Store } from '../../db/open-store.js';
import { searchWork, type StageWork } from '../../db/search-work.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { plainRows, REFERENCE_GRID } from '../../planning/cost/plain-loop.js';
import type { PlannedStage } from '../../planning/cost/search-plan.js';

/** Sums of what stages took. */
type Sums = Omit<StageWork, 'stage'>;

/** A comparison; `times` is null for a search that computed nothing, since everything was stored. */
interface Compared {
  readonly rows: number;
  readonly times: number | null;
}

/** `work` in the result of `qsched search --json`, and `took` in that of `qsched plan SEARCH --json`. */
export interface Took {
  readonly stages: readonly (Sums & { readonly stage: PlannedStage['stage'] })[];
  readonly total: Sums;
  /** The same candidates on all pairs, one image at a time, what was stored before included. */
  readonly plainLoop: Compared;
  /** Baseline and search against the reference implementation's grid of 50 x 50 on 20 prompts at 4 steps. */
  readonly referenceGrid: Compared;
}

const NOTHING: Sums = {
  candidates: 0,
  allImages: 0,
  images: 0,
  denoiserRows: 0,
  paddedRows: 0,
  decodes: 0,
  workerSeconds: 0,
  runtimeSeconds: 0,
};

/** @returns null for a search that an older version ran, which did not count its work */
export function tookBy(store: Store, searchId: string, spec: SearchSpec): Took | null {
  const own = searchWork(store, searchId);
  if (own.every(({ images }) => images === 0)) return null;
  const control = searchWork(store, `${searchId}-control`);
  const linear = searchWork(store, linearIdOf(searchId));
  const stages = [
    ...(linear.length === 0 ? [] : [{ stage: 'linear search' as const, ...sumOf(linear) }]),
    ...own,
    ...(control.length === 0 ? [] : [{ stage: 'control search' as const, ...sumOf(control) }]),
  ];
  const total = sumOf(stages);
  const perLatent = rowsPerLatent(spec);
  const { paddedRows } = sumOf(stages.filter(({ stage }) => ['linear search', 'baseline', 'search'].includes(stage)));
  return {
    stages,
    total,
    plainLoop: compared(plainRows(total.allImages, spec.scheduler.steps, perLatent), total.paddedRows),
    referenceGrid: compared(REFERENCE_GRID.rows * perLatent, paddedRows),
  };
}

const compared = (rows: number, own: number): Compared => ({ rows, times: own === 0 ? null : rows / own });

const sumOf = (stages: readonly Sums[]): Sums =>
  stages.reduce<Sums>(
    (sum, one) => ({
      candidates: sum.candidates + one.candidates,
      allImages: sum.allImages + one.allImages,
      images: sum.images + one.images,
      denoiserRows: sum.denoiserRows + one.denoiserRows,
      paddedRows: sum.paddedRows + one.paddedRows,
      decodes: sum.decodes + one.decodes,
      workerSeconds: sum.workerSeconds + one.workerSeconds,
      runtimeSeconds: sum.runtimeSeconds + one.runtimeSeconds,
    }),
    NOTHING,
  );

/** Of a model that is not here, those of one without classifier-free guidance. */
function rowsPerLatent(spec: SearchSpec): number {
  try {
    return openModelFolder(spec.model, spec.precision, undefined, pipelineOptions(spec)).rowsPerLatent ?? 1;
  } catch (error) {
    if (error instanceof QschedError) return 1;
    throw error;
  }
}
