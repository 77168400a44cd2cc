/**
 * A Pareto front: the body of `qsched pareto --json`, and its text for people.
 */
import type { Front, FrontPoint, ScoreHead } from '../../db/pareto.js';
import { stepCount } from '../../contract/step-count.js';
import { coefficientLines, fixed, signed, spread } from '../../report/text/numbers.js';
import { tableOf, writeTable, type Column, type TableFormat } from './table-document.js';

/** The body of `qsched pareto --json`. */
export interface ParetoDocument extends Front {
  readonly searchId: string;
  readonly status: string;
  readonly model: string;
  readonly precision: string;
  readonly steps: number;
  readonly objective: string;
  /** Null if the objective has none. */
  readonly k: number | null;
  /** Least gains over the baseline; null without any. */
  readonly atLeast: Readonly<Record<string, number>> | null;
}

/** The front as a table, with coefficients below; Markdown and CSV hold the table and its notes alone. */
export function paretoText(document: ParetoDocument, format: TableFormat): string {
  const { front } = document;
  const table = writeTable(tableOf(columns(document), front, format === 'table' ? [] : notes(document)), format);
  if (format !== 'table') return table;
  return [
    headLine(document),
    '',
    table,
    ...notes(document).map((note) => `  ${note}`),
    '',
    ...front.flatMap(({ trial, coefficients }) => {
      const label = nameOf(trial);
      const [sample, noise] = coefficientLines(coefficients, '');
      return [`${label}  ${sample}`, `${' '.repeat(label.length)}  ${noise}`];
    }),
  ].join('\n');
}

const nameOf = (trial: number): string => (trial === 0 ? 'baseline' : `#${trial}`);

/** A k to 6 significant digits, without trailing zeros. */
const weight = (k: number): string => String(Number(k.toPrecision(6)));

function headLine(document: ParetoDocument): string {
  const { searchId, model, precision, steps, status, front, compared, excluded, raced, failed, open } = document;
  const bounds = Object.entries(document.atLeast ?? {}).map(([name, least]) => `${signed(least)} in ${name}`);
  const counts = [
    `${front.length} of ${compared} candidates`,
    ...(bounds.length > 0 ? [`${excluded} gain less than ${bounds.join(' or ')}`] : []),
    ...(raced.length > 0 ? [`${raced.length} raced out on part of the images, estimated from them (~)`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(open.length > 0 ? [`${open.length} not scored yet`] : []),
  ];
  return `${searchId}: ${model} ${precision}, ${stepCount(steps)}, ${status}; ${counts.join('; ')}`;
}

function columns({ scores: [first, second], baseline }: ParetoDocument): Column<FrontPoint>[] {
  const value = (at: 0 | 1, { name, direction }: ScoreHead): Column<FrontPoint> => ({
    head: direction === 'lower' ? `${name} (lower is better)` : name,
    cell: ({ values }) => fixed(values[at]),
    numeric: true,
  });
  const gain = (at: 0 | 1, { name }: ScoreHead): Column<FrontPoint> => ({
    head: `gain in ${name}`,
    cell: ({ gains }) => spread(gains[at].gain, gains[at].low, gains[at].high, 4, signed),
    numeric: true,
  });
  return [
    {
      head: 'Pareto front',
      cell: ({ trial, pairs, chosen }) => `${pairs === null ? '' : '~'}${nameOf(trial)}${chosen ? ' *' : ''}`,
    },
    value(0, first),
    value(1, second),
    ...(baseline === null ? [] : [gain(0, first), gain(1, second)]),
    { head: 'wins at k', cell: ({ wins }) => range(wins) },
  ];
}

/** What the marks mean, and what the gains do not mean. */
function notes({ scores, objective, k, front, baseline }: ParetoDocument): string[] {
  const [first, second] = scores.map(({ name, direction }) => (direction === 'lower' ? `(-${name})` : name));
  const own = first === 'text' && second === 'quality';
  const sum = own && objective === 'jaq-preference-tables' ? 'k x text + quality' : `${first} + k x ${second}`;
  const chosen = k === null ? 'the objective of the search' : `k = ${weight(k)}, that of the search,`;
  return [
    `wins at k: where it has the highest ${sum}`,
    ...(front.some((one) => one.chosen) ? [`* ${chosen} puts it first`] : []),
    ...(baseline === null
      ? []
      : ['gains are over the baseline on the calibration prompts, which chose the front: expect less on others']),
  ];
}

function range(wins: FrontPoint['wins']): string {
  if (wins === null) return 'none';
  return wins.to === null ? `${weight(wins.from)} and above` : `${weight(wins.from)} to ${weight(wins.to)}`;
}
