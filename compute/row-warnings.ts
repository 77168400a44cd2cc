/**
 * What a reader of a table should know of one row before trusting its numbers.
 */
import { FRECHET_MINIMUM_IMAGES } from '../metrics/distances/frechet.js';
import { finishedFeatures, type RowDistances } from '../metrics/distances/row-distances.js';
import { finishedImages, type Comparison } from '../metrics/statistics/summary.js';
import type { SummariseRequest } from '../contract/evaluate-payloads.js';
import { scorersOf, type ObjectivePlan } from '../contract/objective-plan.js';
import { howToMake, referencePath } from '../inference/models/reference-features.js';
import type { ReadRow } from './read-row.js';
import { stepCount } from '../contract/step-count.js';

/** A row's numbers; null where there are none. */
export interface RowNumbers {
  readonly row: ReadRow;
  readonly hasReference: boolean;
  readonly distances: RowDistances | null;
  readonly compared: Comparison | null;
  /** Images that the objective's mean is over, and all images. */
  readonly images: number;
  readonly total: number;
}

const RETRY = 'To try them again: --retry-failed (retryFailed: true).';

/** One sentence a thing that is missing, failed, or not what the reader may think. */
export function rowWarnings({ prepared, label }: SummariseRequest, numbers: RowNumbers): string[] {
  const { row, hasReference, distances, compared, images, total } = numbers;
  const { features } = prepared;
  const about = `${prepared.model} ${prepared.precision}, ${stepCount(prepared.scheduler.steps)}, ${label}`;
  const warnings: string[] = [];
  if (features !== null && !hasReference) {
    const wanted = `It wants the file ${referencePath(features.name)} in the model's folder.`;
    const none = `${prepared.model} comes with no reference features: no FID.`;
    warnings.push(`${none} ${wanted} ${howToMake(features.name)}`);
  }
  for (const warning of distances?.warnings ?? []) warnings.push(`${about}: ${warning}`);
  const broken = distances === null ? 0 : brokenFeatures(row);
  if (broken > 0) {
    const what = `features of ${broken} of ${total} images are not finite; distances leave them out`;
    warnings.push(`${about}: ${what}. ${RETRY}`);
  }
  if (row.reasons.size > 0 || images < total) {
    const why = row.reasons.size > 0 ? ` (${[...row.reasons].slice(0, 2).join('; ')})` : '';
    const what = `${total - images} of ${total} images failed${why}; the objective's mean is over the others`;
    warnings.push(`${about}: ${what}. ${RETRY}`);
  }
  for (const what of unscored(numbers, prepared.objective)) warnings.push(`${about}: ${what}. ${RETRY}`);
  if (distances !== null && distances.fid !== null && withFeatures(row) < FRECHET_MINIMUM_IMAGES) {
    const few = `A Frechet distance of fewer than ${FRECHET_MINIMUM_IMAGES} images is biased upwards`;
    warnings.push(`${few}: compare rows of equally many only.`);
  }
  if (distances !== null && features !== null && features.kind !== 'inception') {
    const whose = `Distances use the features of "${features.name}" (${features.kind}), not Inception's`;
    warnings.push(`${whose}: they compare rows here, and no published figures.`);
  }
  if (compared !== null && compared.lost > 0) warnings.push(`${about}: ${compared.reason}`);
  return warnings;
}

/** What each scorer outside the objective gave no number for. Images that failed are no scorer's fault. */
function unscored({ row, compared, total }: RowNumbers, objective: ObjectivePlan): string[] {
  const { terms, failed } = row;
  const own = scorersOf(objective);
  const whole = terms.prompts - (compared?.lost ?? 0);
  const gains =
    compared === null || compared.gains.length === 0
      ? ''
      : `, gains over the ${whole} whole prompts of ${terms.prompts}`;
  return terms.scorers
    .filter(({ scorer }) => !own.includes(scorer))
    .flatMap(({ scorer }) => {
      const scored = finishedImages(terms, [scorer]).filter(Boolean).length;
      const missed = total - failed.size - scored;
      if (missed === 0) return [];
      const many = `${missed} of ${total - failed.size} images`;
      return [`the scorer "${scorer}" gave no number for ${many}; its means are over the other ${scored}${gains}`];
    });
}

/** Images that distances are over. */
const withFeatures = ({ features }: ReadRow): number =>
  features === null ? 0 : finishedFeatures(features).filter(Boolean).length;

/** Images that did not fail, and whose features are none. */
function brokenFeatures({ features, failed }: ReadRow): number {
  if (features === null) return 0;
  return finishedFeatures(features).filter((finished, i) => !finished && !failed.has(i)).length;
}
