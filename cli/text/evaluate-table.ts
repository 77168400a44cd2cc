/**
 * Evaluated rows in the paper's form: as a table of a terminal, Markdown or CSV.
 */
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { widest } from '../../metrics/statistics/paired-gain.js';
import { fixed, signed } from './numbers.js';
import { table } from './output.js';
import type { TableFormat } from './study-table.js';
import { stepCount } from '../../contract/step-count.js';

/** @returns the table, without a line feed at its end; under it, but for CSV, `whyNot` */
export function evaluateTable(rows: readonly EvaluatedRow[], format: TableFormat = 'table'): string {
  if (format === 'csv') return csv(rows);
  const columns = columnsOf(rows);
  const lines = [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ cell }) => cell(row)))];
  const notes = whyNot(rows);
  if (format === 'table') return [table(lines), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
  const bar = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    bar(lines[0]!),
    bar(columns.map(({ numeric }) => (numeric ? '---:' : '---'))),
    ...lines.slice(1).map(bar),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : []),
  ].join('\n');
}

/** A line per row that is not recommended although its gain in the objective is above 0: what decided it. */
function whyNot(rows: readonly EvaluatedRow[]): string[] {
  return rows.flatMap(({ model, precision, scheduler, steps, schedule, gains, recommend }) => {
    const [first, ...others] = gains;
    if (recommend !== 'identity' || first === undefined || !(widest(first).low > 0)) return [];
    const against = others.filter((gain) => !(widest(gain).low > 0));
    const shown = against.map((gain) => {
      const { low, high } = widest(gain);
      return `the gain in ${gain.scorer} is ${spread(gain.gain, low, high, 4, true)}, its lower end not above 0`;
    });
    const why = shown.length > 0 ? shown.join('; ') : 'some prompts lack an image or a score';
    const about = `${model} ${precision}, ${scheduler}, ${stepCount(steps)}, ${schedule}`;
    return [`${about}: not recommended, although the objective gains: ${why}.`];
  });
}

interface Column {
  readonly head: string;
  readonly cell: (row: EvaluatedRow) => string;
  readonly numeric: boolean;
}

/** What the rows share is left out, and so is what none of them has. */
function columnsOf(rows: readonly EvaluatedRow[]): Column[] {
  const several = (of: (row: EvaluatedRow) => unknown): boolean => new Set(rows.map(of)).size > 1;
  const some = (of: (row: EvaluatedRow) => unknown): boolean => rows.some((row) => of(row) !== null);
  const features = rows.find(({ fidFeatures }) => fidFeatures !== null)?.fidFeatures ?? '';
  const text = (head: string, cell: Column['cell']): Column => ({ head, cell, numeric: false });
  const number = (head: string, cell: Column['cell']): Column => ({ head, cell, numeric: true });
  return [
    ...(several(({ model }) => model) ? [text('model', (row) => row.model)] : []),
    ...(several(({ scheduler }) => scheduler) ? [text('scheduler', (row) => row.scheduler)] : []),
    number('NFEs', (row) => String(row.steps)),
    ...(several(({ eta }) => eta) ? [number('eta', (row) => String(row.eta))] : []),
    text('precision', (row) => row.precision),
    text('schedule', (row) => row.schedule),
    ...(some(({ fid }) => fid)
      ? [number(`FID (${features})`, (row) => spread(row.fid, row.fidLow, row.fidHigh, 4))]
      : []),
    ...(some(({ fidGain }) => fidGain)
      ? [
          number('FID gain', ({ fidGain }) =>
            fidGain === null ? '' : spread(fidGain.difference, fidGain.low, fidGain.high, 4, true),
          ),
        ]
      : []),
    ...(some(({ fidSd }) => fidSd) ? [number('FID-SD', (row) => fixed(row.fidSd, 4))] : []),
    ...(some(({ kid }) => kid) ? [number('KID', (row) => fixed(row.kid, 5))] : []),
    ...(some(({ cmmd }) => cmmd) ? [number('CMMD', (row) => fixed(row.cmmd, 3))] : []),
    ...(some(({ clipScore }) => clipScore)
      ? [number('CLIPScore', (row) => spread(row.clipScore, row.clipScoreLow, row.clipScoreHigh, 2))]
      : []),
    number('objective', (row) => spread(row.objective, row.objectiveLow, row.objectiveHigh, 4)),
    ...(rows.some(({ gains }) => gains.length > 0)
      ? [
          number('gain', ({ gains: [gain] }) => {
            if (gain === undefined) return '';
            const { low, high } = widest(gain);
            return spread(gain.gain, low, high, 4, true);
          }),
          text('recommended', (row) =>
            row.recommend === null
              ? ''
              : row.recommend === 'calibrated'
                ? 'yes'
                : row.recommend === 'identity'
                  ? 'no'
                  : '-',
          ),
        ]
      : []),
  ];
}

function spread(value: number | null, low: number | null, high: number | null, digits: number, sign = false): string {
  if (value === null) return '-';
  const show = (one: number): string => (sign ? signed(one, digits) : one.toFixed(digits));
  return low === null || high === null ? show(value) : `${show(value)} [${show(low)}, ${show(high)}]`;
}

/** Every number of a row, unrounded; means of scores and gains as columns of their own. */
function csv(rows: readonly EvaluatedRow[]): string {
  const scores = [...new Set(rows.flatMap((row) => Object.keys(row.scores)))];
  const gains = [...new Set(rows.flatMap((row) => row.gains.map(({ scorer }) => scorer)))];
  const gainOf = (row: EvaluatedRow, scorer: string) => row.gains.find((gain) => gain.scorer === scorer);
  type Cell = string | number | null | undefined;
  const columns: [string, (row: EvaluatedRow) => Cell][] = [
    ['model', (row) => row.model],
    ['scheduler', (row) => row.scheduler],
    ['steps', (row) => row.steps],
    ['eta', (row) => row.eta],
    ['precision', (row) => row.precision],
    ['schedule', (row) => row.schedule],
    ['sample', (row) => row.coefficients.sample.join(' ')],
    ['noise', (row) => row.coefficients.noise.join(' ')],
    ['images', (row) => row.images],
    ['failed', (row) => row.failed],
    ['fid', (row) => row.fid],
    ['fid_low', (row) => row.fidLow],
    ['fid_high', (row) => row.fidHigh],
    ['fid_features', (row) => row.fidFeatures],
    ['fid_gain', (row) => row.fidGain?.difference],
    ['fid_gain_low', (row) => row.fidGain?.low],
    ['fid_gain_high', (row) => row.fidGain?.high],
    ['fid_sd', (row) => row.fidSd],
    ['kid', (row) => row.kid],
    ['cmmd', (row) => row.cmmd],
    ['clip_score', (row) => row.clipScore],
    ['clip_score_low', (row) => row.clipScoreLow],
    ['clip_score_high', (row) => row.clipScoreHigh],
    ['objective', (row) => row.objective],
    ['objective_low', (row) => row.objectiveLow],
    ['objective_high', (row) => row.objectiveHigh],
    ['tc', (row) => row.tc],
    ['iq', (row) => row.iq],
    ...gains.flatMap((scorer): typeof columns => [
      [`gain_${scorer}`, (row) => gainOf(row, scorer)?.gain],
      [`gain_${scorer}_percentile_low`, (row) => gainOf(row, scorer)?.percentile.low],
      [`gain_${scorer}_percentile_high`, (row) => gainOf(row, scorer)?.percentile.high],
      [`gain_${scorer}_studentised_low`, (row) => gainOf(row, scorer)?.studentised.low],
      [`gain_${scorer}_studentised_high`, (row) => gainOf(row, scorer)?.studentised.high],
    ]),
    ['recommend', (row) => row.recommend],
    ['p_holm', (row) => row.pHolm],
    ...scores.flatMap((name): typeof columns => [
      [name, (row) => row.scores[name]?.mean],
      [`${name}_low`, (row) => row.scores[name]?.low],
      [`${name}_high`, (row) => row.scores[name]?.high],
    ]),
  ];
  const quote = (cell: Cell): string => {
    const text = cell === null || cell === undefined ? '' : String(cell);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns.map(([head]) => quote(head)), ...rows.map((row) => columns.map(([, cell]) => quote(cell(row))))]
    .map((cells) => cells.join(','))
    .join('\n');
}
