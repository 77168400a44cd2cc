/**
 * What the Temporal UI shows of an evaluation: how far it is, and at its end the table.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import type { EvaluatedRow, EvaluateResult } from '../../contract/evaluate-spec.js';
import { about, commands, factTable, fixed, interval, markdownTable, sheet, signed } from '../markdown.js';
import { pageLink, type RunPlace } from '../run-frame.js';
import type { EvaluateProgress } from '../../contract/evaluate-payloads.js';
import type { Hold } from './hold.js';

/** Rows of a table that are shown; the rest is in the database. */
const MOST_ROWS = 60;

const STAGES: Readonly<Record<EvaluateProgress['stage'], string>> = {
  prepare: 'preparing: the networks are described by workers',
  render: 'generating and scoring images',
  summarise: 'computing means, intervals and distances',
  finished: 'finished',
};

/** Where the evaluation is. */
export interface Place extends RunPlace {
  readonly hold: Hold;
}

/** Shows how far it is. @param note what a reader should know, for example who is waited for */
export function showProgress(place: Place, progress: EvaluateProgress, note = ''): void {
  const { stage, rows, images, done, generated, reused, failed, summarised, secondsLeft } = progress;
  const { paused, priority } = place.hold;
  setCurrentDetails(
    sheet([
      `### ${paused ? '**Paused.** ' : ''}${place.title}`,
      factTable([
        ['stage', STAGES[stage]],
        [
          'images',
          `${done} of ${images}: ${generated} generated, ${reused} reused${failed > 0 ? `, ${failed} failed` : ''}`,
        ],
        ['rows', `${summarised} of ${rows} summarised`],
        ...(priority === null ? [] : ([['priority', String(priority)]] as const)),
        ...(secondsLeft === null || paused ? [] : ([['left', `about ${about(secondsLeft)}`]] as const)),
      ]),
      ...(note === '' ? [] : [note]),
      ...pageLink(place),
      commands([
        paused
          ? [`npx qsched unpause ${place.id}`, 'goes on']
          : [`npx qsched pause ${place.id}`, 'gives no further work out'],
        [`npx qsched cancel ${place.id}`, 'ends it; images that are made stay'],
      ]),
    ]),
  );
}

/** Shows the table. */
export function showTable(place: Place, { rows, generated, reused, warnings }: EvaluateResult): void {
  const shown = rows.slice(0, MOST_ROWS);
  setCurrentDetails(
    sheet([
      `### ${place.title}`,
      markdownTable([['network', 'schedule', 'objective', 'gain', '95 %', 'FD', 'recommended'], ...shown.map(cells)]),
      ...(rows.length > MOST_ROWS
        ? [`${rows.length - MOST_ROWS} further rows are in the view \`evaluation_rows\`.`]
        : []),
      `${generated} images generated, ${reused} reused.`,
      ...warnings.map((warning) => `- ${warning}`),
      ...pageLink(place),
      commands([[`npx qsched report ${place.id} --open`, 'shows images and charts']]),
    ]),
  );
}

function cells({
  model,
  precision,
  steps,
  schedule,
  objective,
  gains: [gain],
  fid,
  recommend,
}: EvaluatedRow): string[] {
  return [
    `${model} ${precision}, ${steps} ${steps === 1 ? 'step' : 'steps'}`,
    schedule,
    fixed(objective),
    gain === undefined ? '-' : signed(gain.gain),
    gain === undefined ? '-' : interval(gain.low, gain.high),
    fid === null ? '-' : fid.toPrecision(4),
    recommend ?? '-',
  ];
}

/** Shows how it ended without a table. */
export function showEnd({ title }: Place, status: 'failed' | 'cancelled', message: string): void {
  setCurrentDetails(
    `### ${title}: ${status}\n\n${message}\n\nRun it again with the same command: images that are made are reused.`,
  );
}
