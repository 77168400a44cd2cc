/**
 * What a search took, stage by stage: from the table `work`, in which every piece of work is counted where it was done.
 */
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

/** The stages that work is shown by: the baseline is trial 0 of the calibration. */
export const WORK_STAGES = ['baseline', 'search', 'select', 'confirm', 'control'] as const;
export type WorkStage = (typeof WORK_STAGES)[number];

/** One stage of one search. */
export interface StageWork {
  readonly stage: WorkStage;
  readonly candidates: number;
  /** Images of these candidates on all pairs of their split. */
  readonly allImages: number;
  /** Images that were generated and scored, whoever asked for them first: what was stored before is not among them. */
  readonly images: number;
  /** Rows that the denoiser computed, without and with padding. */
  readonly denoiserRows: number;
  readonly paddedRows: number;
  /** Images that were decoded: those of pieces without a row were found among the artefacts, unless there is one step. */
  readonly decodes: number;
  /** Seconds of all workers, and of those the seconds inside ONNX Runtime. */
  readonly workerSeconds: number;
  readonly runtimeSeconds: number;
}

const STAGE = `case when stage = 'calibration' then case number when 0 then 'baseline' else 'search' end else stage end`;

const WORK = `
  select ${STAGE} as stage, sum(evaluations) as images, sum(denoiser_rows) as denoiserRows, sum(padded_rows) as paddedRows,
         sum(case when denoiser_rows > 0 or (select steps from searches where id = search_id) = 1 then evaluations
             else 0 end) as decodes,
         sum(seconds) as workerSeconds, sum(runtime_seconds) as runtimeSeconds
  from work where search_id = @searchId group by 1`;

const CANDIDATES = `
  select ${STAGE} as stage, count(*) as candidates,
         count(*) * (select count(*) from search_prompts p where p.search_id = @searchId and p.split = case t.stage
                       when 'control' then 'confirm' else t.stage end)
           * (select json_array_length(s.spec, '$.' || case t.stage when 'calibration' then 'prompts' when 'control' then
                'confirm' else t.stage end || '.seeds') from searches s where s.id = @searchId) as allImages
  from trials t where search_id = @searchId group by 1, t.stage`;

interface Search {
  readonly searchId: string;
}

/** @returns the stages that have begun, in order; those of versions that did not count work are all 0 */
export function searchWork(store: Store, searchId: string): StageWork[] {
  const work = statement<Search, Omit<StageWork, 'candidates' | 'allImages'>>(store, WORK).all({ searchId });
  const asked = statement<Search, Pick<StageWork, 'stage' | 'candidates' | 'allImages'>>(store, CANDIDATES).all({
    searchId,
  });
  return WORK_STAGES.flatMap((stage) => {
    const begun = asked.find((one) => one.stage === stage);
    if (begun === undefined) return [];
    const nothing = { images: 0, denoiserRows: 0, paddedRows: 0, decodes: 0, workerSeconds: 0, runtimeSeconds: 0 };
    return [{ ...nothing, ...work.find((one) => one.stage === stage), ...begun }];
  });
}
