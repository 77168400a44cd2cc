/**
 * What the Temporal UI shows of a gate: how far it is, and at its end the verdict.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import type { GateProgress } from '../../contract/gate-payloads.js';
import type { GateResult, GateScore } from '../../contract/gate-result.js';
import { about, commands, factTable, markdownTable, sheet, signed } from '../markdown.js';
import { pageLink, type RunPlace } from '../run-frame.js';

const STAGES: Readonly<Record<GateProgress['stage'], string>> = {
  prepare: 'preparing: the networks are described by workers',
  render: 'generating and scoring images of both sides',
  look: 'comparing',
  finished: 'finished',
};

/** Shows how far it is. @param note what a reader should know, for example who is waited for */
export function showProgress(place: RunPlace, progress: GateProgress, note = ''): void {
  const { stage, looks, prompts, planned, images, done, generated, reused, failed, secondsLeft } = progress;
  setCurrentDetails(
    sheet([
      `### ${place.title}`,
      factTable([
        ['stage', STAGES[stage]],
        ['look', `${looks + 1}, at ${prompts} prompts${planned === null ? '' : ` of ${planned}`}`],
        [
          'images',
          `${done} of ${images}: ${generated} generated, ${reused} reused${failed > 0 ? `, ${failed} failed` : ''}`,
        ],
        ...(secondsLeft === null ? [] : ([['left', `about ${about(secondsLeft)}`]] as const)),
      ]),
      ...(note === '' ? [] : [note]),
      ...pageLink(place),
      commands([[`npx qsched cancel ${place.id}`, 'ends it; images that are made stay']]),
    ]),
  );
}

/** Shows the verdict. */
export function showVerdict(place: RunPlace, result: GateResult): void {
  const { verdict, reason, scores, generated, reused, warnings } = result;
  setCurrentDetails(
    sheet([
      `### ${place.title}: ${verdict}`,
      reason,
      markdownTable([['score', 'estimate', 'bounds', 'margin', ''], ...scores.map(cells)]),
      `${generated} images generated, ${reused} reused.`,
      ...warnings.map((warning) => `- ${warning}`),
      ...pageLink(place),
      commands([[`npx qsched report ${place.id} --open`, 'shows images and charts']]),
    ]),
  );
}

const cells = ({ name, kind, estimate, low, high, margin, state }: GateScore): string[] => {
  const number = (value: number | null): string =>
    value === null ? '-' : kind === 'pointwise' ? signed(value) : value.toFixed(4);
  return [name, number(estimate), `${number(low)} to ${number(high)}`, margin.toPrecision(3), state];
};

/** Shows how it ended without a verdict. */
export function showEnd({ title }: RunPlace, status: 'failed' | 'cancelled', message: string): void {
  setCurrentDetails(
    `### ${title}: ${status}\n\n${message}\n\nRun it again with the same command: images that are made are reused.`,
  );
}
