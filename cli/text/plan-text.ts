/**
 * What a search will take, for people.
 */
import { stepCount } from '../../contract/step-count.js';
import type { Range, Taken } from '../../planning/cost/search-plan.js';
import type { KnownSpeed } from '../plan/known-speed.js';
import type { SearchPlanDocument } from '../plan/plan-search.js';
import { share, span, whole } from './counts.js';
import type { ScorerNames } from '../../report/text/scorer-label.js';
import { textTable } from './table-document.js';

/** The table of stages and what follows from it. @param nameOf names of scorers */
export function planText(plan: SearchPlanDocument, nameOf: ScorerNames): string {
  const { model, precision, steps, optimizer, budget, workers, device, stages, total, padding } = plan;
  const rows = stages.map((stage) => [
    stage.stage,
    stage.precision,
    whole(stage.candidates),
    ...cells(stage, workers),
    whole(stage.texts),
    Object.keys(stage.high.scorerCalls).map(nameOf).join(', '),
  ]);
  return [
    `${model} ${precision}, ${stepCount(steps)}, ${optimizer}: ${whole(budget)} candidates; ${workers} ${workers === 1 ? 'worker' : 'workers'} (${device})`,
    '',
    textTable([
      [
        'stage',
        'network',
        'candidates',
        'images',
        padding ? 'padded rows' : 'rows',
        'decodes',
        'minutes',
        'texts',
        'scored by',
      ],
      ...rows,
      ['total', '', '', ...cells(total, workers), '', ''],
    ]),
    '',
    `scorer calls: ${scorerCalls(total, nameOf)}`,
    ...notesOf(plan),
  ].join('\n');
}

const cells = (range: Range<Taken>, workers: number): string[] => [
  spanOf(range, ({ images }) => images),
  spanOf(range, ({ paddedRows }) => paddedRows),
  spanOf(range, ({ decodes }) => decodes),
  spanOf(
    range,
    ({ workerSeconds }) => (workerSeconds === null ? null : workerSeconds / workers / 60),
    (value) => (value < 0.1 ? '< 0.1' : value.toFixed(1)),
  ),
];

/** `320`, or `320-1,600`, or `about 500 (320-1,600)`. */
function spanOf(
  { low, expected, high }: Range<Taken>,
  of: (taken: Taken) => number | null,
  show: (value: number) => string = whole,
): string {
  const [least, most] = [of(low), of(high)];
  if (least === null || most === null) return '?';
  const ends = span(least, most, show);
  const middle = expected === null ? null : of(expected);
  return least === most || middle === null ? ends : `about ${show(middle)} (${ends})`;
}

const scorerCalls = (range: Range<Taken>, nameOf: ScorerNames): string =>
  Object.keys(range.high.scorerCalls)
    .map((role) => `${nameOf(role)} ${spanOf(range, ({ scorerCalls }) => scorerCalls[role] ?? 0)}`)
    .join(', ');

function notesOf(plan: SearchPlanDocument): string[] {
  const { plainLoop, referenceGrid, reused, padding, raced, racing, stages, notes } = plan;
  const races = typeof racing === 'object' && stages.some(({ low, high }) => low.images !== high.images);
  return [
    `plain loop (every image alone, every candidate on every pair): ${whole(plainLoop.rows)} rows; this search takes ${shareOf(plainLoop.times)}`,
    `reference's grid of 50 x 50 on 20 prompts at 4 steps: ${whole(referenceGrid.rows)} rows; baseline and search take ${shareOf(referenceGrid.times)}`,
    ...notes,
    ...Object.entries(plan.speed).map(([precision, speed]) => speedLine(plan, precision, speed)),
    ...(padding
      ? []
      : [
          `The model "${plan.model}" is not on this machine: rows per call, speed and what is stored of it are not known here, and what the spec leaves out may differ.`,
        ]),
    ...(races
      ? [
          raced === null
            ? 'Races: from all candidates but one dropped at the first comparison to none dropped; no race like it is stored.'
            : `Races: expected from ${counted(raced.searches, 'stored search', 'stored searches')}, which took ${(100 * raced.share).toFixed(0)} % of the images.`,
        ]
      : []),
    ...(reused === null
      ? ['What is stored already was not looked up: the files of the model would have to be hashed first.']
      : reused.images === 0
        ? []
        : [`${whole(reused.images)} images are stored already, and left out above.`]),
  ];
}

function speedLine({ model, steps }: SearchPlanDocument, precision: string, speed: KnownSpeed | null): string {
  const of = `speed of ${model} ${precision}`;
  if (speed === null) return `${of}: not known yet; measure it with --measure`;
  const from =
    speed.from === 'measured'
      ? `measured now on ${whole(speed.images)} images`
      : `from ${counted(speed.searches, 'stored search', 'stored searches')}`;
  const other = speed.steps === steps ? '' : ` with ${stepCount(speed.steps)}`;
  return `${of}: ${(1000 * speed.secondsPerRow).toFixed(2)} ms per padded row and worker, decoding and scoring included, ${from}${other}`;
}

/** The share of a loop that a plan takes, from how many times as many the loop takes. */
const shareOf = ({ low, expected, high }: { low: number; expected: number | null; high: number }): string =>
  share(low) === share(high)
    ? share(high)
    : expected === null
      ? `${share(high)} to ${share(low)}`
      : `about ${share(expected)} (${share(high)} to ${share(low)})`;

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;
