/**
 * What the Temporal UI shows of a search: how far it is, what it has found, what to type next; at its end the verdict.
 */
import { setCurrentDetails } from '@temporalio/workflow';
import type { SearchResult } from '../../contract/search-result.js';
import {
  about,
  coefficientRows,
  commands,
  factTable,
  fixed,
  interval,
  markdownTable,
  sheet,
  signed,
} from '../markdown.js';
import { workersOf } from '../scoring/pace.js';
import type { SearchRun } from './search-run.js';

/** What a search does, stage by stage. */
const STAGES: Readonly<Record<string, string>> = {
  prepare: 'preparing: the model is described by a worker',
  start: 'finding what the search starts from',
  identity: 'scoring the baseline',
  search: 'search',
  select: 'choosing the finalist on the selection prompts',
  confirm: 'testing the finalist on held-out prompts',
  control: 'scoring the full-precision network',
};

/** What a reader should know of the stage at hand, for example who is waited for. */
export function noteStage(run: SearchRun, note: string): void {
  run.note = note;
  showDetails(run);
}

/** Shows where the search is. */
export function showDetails(run: SearchRun): void {
  const { searchId, progress, steering } = run;
  const held = steering.paused ? '**Paused.** ' : steering.stop === null ? '' : '**Stopping.** ';
  setCurrentDetails(
    sheet([
      `### ${held}${titleOf(run)}`,
      factTable([...stageRows(run), ...bestRows(run), ...paceRows(run)]),
      ...(run.note === '' ? [] : [run.note]),
      ...pageLink(run),
      commands(
        steering.paused
          ? [[`npx qsched unpause ${searchId}`, 'goes on']]
          : [
              [`npx qsched resume ${searchId}`, 'follows it in a terminal'],
              ...(progress.stage === 'search' && steering.stop === null
                ? ([[`npx qsched stop ${searchId}`, 'keeps the best so far and proceeds to the verdict']] as const)
                : []),
              [`npx qsched pause ${searchId}`, 'gives no further work out'],
              [`npx qsched cancel ${searchId}`, 'ends it; what is scored stays stored'],
            ],
      ),
    ]),
  );
}

/** `shapes w4a8, 4 steps, tcd, auto` */
function titleOf({ spec: { model, precision, scheduler, optimizer } }: SearchRun): string {
  const steps = scheduler.steps === 1 ? '1 step' : `${scheduler.steps} steps`;
  return `${model} ${precision}, ${steps}, ${scheduler.type}, ${optimizer.type}`;
}

function stageRows({ progress, meter }: SearchRun): [string, string][] {
  const { images } = meter.measured(Date.now());
  const { stage, told, budget, generation, failed, raced } = progress;
  const counts = images.total > 0 ? `, ${images.done} of ${images.total} images` : '';
  const where = stage === 'search' ? `search, generation ${generation + 1}` : (STAGES[stage] ?? stage);
  const lost = [...(raced > 0 ? [`${raced} dropped early`] : []), ...(failed > 0 ? [`${failed} failed`] : [])];
  return [
    ['stage', `${where}${counts}`],
    ['candidates', `${told} of ${budget}${lost.length === 0 ? '' : ` (${lost.join(', ')})`}`],
  ];
}

function bestRows({ progress: { identity }, shown }: SearchRun): [string, string][] {
  // Where all candidates left a race early, the best of them has an estimate.
  const whole = shown?.best[0];
  const best = whole ?? shown?.runnerUp ?? shown?.finalists?.[0];
  return [
    ...(identity === null ? [] : ([['baseline', fixed(identity)]] as [string, string][])),
    ...(best === undefined || identity === null
      ? []
      : ([
          [
            'best so far',
            `${fixed(best.score)}${whole === undefined ? ' (an estimate)' : ''}, candidate ${best.index}`,
          ],
          ['gain on the calibration prompts', signed(best.score - identity)],
          ...coefficientRows(best.coefficients),
        ] as [string, string][])),
  ];
}

function paceRows({ meter, paces, spec, steering }: SearchRun): [string, string][] {
  const now = Date.now();
  const { secondsLeft } = meter.measured(now);
  const workers = Object.values(paces).map((pace) => workersOf(pace, now));
  return [
    ...(workers.length === 0 ? [] : ([['workers', String(Math.max(...workers))]] as [string, string][])),
    ...(steering.priority === null ? [] : ([['priority', String(steering.priority)]] as [string, string][])),
    ...(secondsLeft === null || steering.paused
      ? []
      : ([['left', `about ${about(secondsLeft)}`]] as [string, string][])),
    ['objective', `${spec.objective.type}${spec.objective.goal === 'repair' ? ', repair' : ''}`],
  ];
}

const pageLink = ({ page }: SearchRun): string[] => (page === null ? [] : [`[Follow it on the live page](${page})`]);

/** Shows the verdict. */
export function showVerdict(run: SearchRun, result: SearchResult): void {
  const { searchId, heldOut, finalist } = result;
  const { recommend, reason, scorers, prompts } = heldOut;
  const what = {
    calibrated: 'use the calibrated coefficients',
    identity: 'keep the baseline',
    none: 'no recommendation',
  };
  setCurrentDetails(
    sheet([
      `### ${titleOf(run)}: ${what[recommend]}`,
      reason,
      markdownTable([
        [`held-out (${prompts} prompts)`, 'baseline', 'finalist', 'gain', '95 %'],
        ...scorers.map(({ scorer, identity, calibrated, gain, low, high }) => [
          scorer,
          fixed(identity),
          fixed(calibrated),
          signed(gain),
          interval(low, high),
        ]),
      ]),
      factTable([
        ...coefficientRows(finalist),
        ['candidates', `${result.trials}${result.failed > 0 ? `, ${result.failed} failed` : ''}`],
        ['images', `${result.evaluations} (${result.reused} reused)`],
      ]),
      ...result.notes.map((note) => `- ${note}`),
      ...(run.page === null ? [] : [`[The report](${run.page})`]),
      commands([
        [`npx qsched report ${searchId} --open`, 'shows images and charts'],
        [`npx qsched export ${searchId}`, 'writes the coefficients'],
        [`npx qsched confirm ${searchId}`, 'tests the finalist again on other prompts'],
      ]),
    ]),
  );
}

/** Shows how it ended without a verdict. */
export function showEnd(
  { searchId }: Pick<SearchRun, 'searchId'>,
  status: 'failed' | 'cancelled',
  message: string,
): void {
  setCurrentDetails(
    sheet([
      `### ${status === 'failed' ? 'Failed' : 'Cancelled'}`,
      message,
      commands([[`npx qsched resume ${searchId}`, 'continues with what is scored']]),
    ]),
  );
}
