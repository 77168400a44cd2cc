/**
 * What a search took, for people.
 */
import type { SearchPlanDocument } from '../plan/plan-search.js';
import type { Took } from '../plan/took.js';
import { share, span, whole } from './counts.js';
import { textTable } from './table-document.js';

/** Two lines below a verdict. */
export function tookLines({ total, plainLoop, referenceGrid }: Took): string[] {
  const { images, paddedRows, decodes, workerSeconds } = total;
  const grid =
    referenceGrid.times === null
      ? ''
      : `, and baseline and search ${share(referenceGrid.times)} of the reference's grid of 50 x 50 on 20 prompts at 4 steps`;
  return [
    `took ${whole(images)} images, ${whole(paddedRows)} denoiser rows (padded), ${whole(decodes)} decodes, ` +
      `${workerSeconds.toFixed(1)} worker seconds`,
    ...(plainLoop.times === null
      ? []
      : [`  that is ${share(plainLoop.times)} of a plain loop's ${whole(plainLoop.rows)} rows${grid}`]),
  ];
}

/** Planned beside actual, stage by stage. @param took null if it was not counted */
export function besideText({ stages, total }: SearchPlanDocument, took: Took | null): string {
  if (took === null) return 'What this search took was not counted: it has not begun, or an older version ran it.';
  const row = (
    name: string,
    planned: (typeof stages)[number] | typeof total | undefined,
    actual: Took['total'] | undefined,
  ): string[] => [
    name,
    planned === undefined ? '-' : span(planned.low.images, planned.high.images),
    actual === undefined ? '-' : whole(actual.images),
    planned === undefined ? '-' : span(planned.low.paddedRows, planned.high.paddedRows),
    actual === undefined ? '-' : whole(actual.paddedRows),
    actual === undefined ? '-' : whole(actual.decodes),
    actual === undefined ? '-' : actual.workerSeconds.toFixed(1),
  ];
  const names = [...new Set([...stages.map(({ stage }) => stage), ...took.stages.map(({ stage }) => stage)])];
  return [
    textTable([
      ['planned and actual', 'images', 'actual', 'padded rows', 'actual', 'decodes', 'worker seconds'],
      ...names.map((name) =>
        row(
          name,
          stages.find(({ stage }) => stage === name),
          took.stages.find(({ stage }) => stage === name),
        ),
      ),
      row('total', total, took.total),
    ]),
    '',
    ...tookLines(took),
  ].join('\n');
}
