/**
 * What a reader of a table should know about one row.
 */
import { FRECHET_MINIMUM_IMAGES } from '../metrics/distances/frechet.js';
import { finishedFeatures, type RowDistances } from '../metrics/distances/row-distances.js';
import { finishedImages, type Comparison } from '../metrics/statistics/summary.js';
import type { SummariseRequest } from '../contract/evaluate-payloads.js';
import { scorersOf, type ObjectivePlan } from '../contract/objective-plan.js';
import { howToMake, referencePath } from '../artefacts/reference-statistics.js';
import type { RowPairs } from './row-pairs.js';
import type { ReadRow } from './read-row.js';
import { stepCount } from '../contract/step-count.js';

/** A row's numbers; null if there are none. */
export interface RowNumbers {
  readonly row: ReadRow;
  readonly hasReference: boolean;
  readonly distances: RowDistances | null;
  readonly compared: Comparison | null;
  readonly pairs: RowPairs | null;
  /** Images in the objective's mean, and all images. */
  readonly images: number;
  readonly total: number;
}

const RETRY = 'To retry them: --retry-failed (retryFailed: true).';

/** One sentence for each thing that is missing, failed or easily misread. */
export function rowWarnings({ prepared, label }: SummariseRequest, numbers: RowNumbers): string[] {
  const { row, hasReference, distances, compared, pairs, images, total } = numbers;
  const { features } = prepared;
  const about = `${prepared.model} ${prepared.precision}, ${stepCount(prepared.scheduler.steps)}, ${label}`;
  const warnings: string[] = [];
  if (features !== null && !hasReference) {
    const none = `No FID: ${prepared.model} has no statistics of real images (${referencePath(features.name)} in its folder).`;
    warnings.push(`${none} ${howToMake(features.name)}`);
  }
  for (const warning of distances?.warnings ?? []) warnings.push(`${about}: ${warning}`);
  const broken = distances === null ? 0 : brokenFeatures(row);
  if (broken > 0) {
    const what = `features of ${broken} of ${total} images are not finite and are left out of distances`;
    warnings.push(`${about}: ${what}. ${RETRY}`);
  }
  if (row.reasons.size > 0 || images < total) {
    const why = row.reasons.size > 0 ? ` (${[...row.reasons].slice(0, 2).join('; ')})` : '';
    const what = `${total - images} of ${total} images failed${why} and are left out of the objective`;
    warnings.push(`${about}: ${what}. ${RETRY}`);
  }
  for (const what of unscored(numbers, prepared.objective)) warnings.push(`${about}: ${what}. ${RETRY}`);
  if (distances !== null && distances.fid !== null && withFeatures(row) < FRECHET_MINIMUM_IMAGES) {
    const few = `A Frechet distance of fewer than ${FRECHET_MINIMUM_IMAGES} images is biased upwards`;
    warnings.push(`${few}: compare only rows with equal numbers of images.`);
  }
  if (distances !== null && features !== null && features.kind !== 'inception') {
    const whose = `Distances use the features of "${features.name}" (${features.kind}), not Inception's`;
    warnings.push(`${whose}: they are comparable within this table only, not with published figures.`);
  }
  for (const { score, pairs: without, reasons } of pairs?.lost ?? []) {
    const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
    warnings.push(
      `${about}: ${without} of ${total} pairs have no ${score}${why}; its mean is over the others. ${RETRY}`,
    );
  }
  if (compared !== null && compared.lost > 0) warnings.push(`${about}: ${compared.reason}`);
  return warnings;
}

/** How many images each scorer outside the objective has no score for, apart from images that failed. */
function unscored({ row, compared, total }: RowNumbers, objective: ObjectivePlan): string[] {
  const { terms, failed } = row;
  const own = scorersOf(objective);
  const whole = terms.prompts - (compared?.lost ?? 0);
  const gains =
    compared === null || compared.gains.length === 0
      ? ''
      : `, and gains over the ${whole} of ${terms.prompts} prompts that are complete`;
  return terms.scorers
    .filter(({ scorer }) => !own.includes(scorer))
    .flatMap(({ scorer }) => {
      const scored = finishedImages(terms, [scorer]).filter(Boolean).length;
      const missed = total - failed.size - scored;
      if (missed === 0) return [];
      const many = `${missed} of ${total - failed.size} images`;
      return [`the scorer "${scorer}" failed on ${many}; its means are over the other ${scored}${gains}`];
    });
}

/** Images that have features. */
const withFeatures = ({ features }: ReadRow): number =>
  features === null ? 0 : finishedFeatures(features).filter(Boolean).length;

/** Images that did not fail, but have no features. */
function brokenFeatures({ features, failed }: ReadRow): number {
  if (features === null) return 0;
  return finishedFeatures(features).filter((finished, i) => !finished && !failed.has(i)).length;
}
