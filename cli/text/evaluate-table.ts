/**
 * The table of an evaluation.
 */
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { stepCount } from '../../contract/step-count.js';
import { signed, spread } from '../../report/text/numbers.js';
import { csvColumns, measuredColumns, varies } from './row-columns.js';
import type { ScorerNames } from '../../report/text/scorer-label.js';
import { tableOf, writeTable, type Column, type TableFormat } from './table-document.js';

/** @returns the table, without a line feed at its end; below it, but not in CSV, why rows with a gain are not recommended */
export function evaluateTable(
  rows: readonly EvaluatedRow[],
  format: TableFormat = 'table',
  nameOf: ScorerNames = (role) => role,
): string {
  const columns = format === 'csv' ? csvColumns(rows) : textColumns(rows);
  return writeTable(tableOf<EvaluatedRow>(columns, rows, whyNot(rows, nameOf)), format);
}

/** Omits what the rows have in common. */
function textColumns(rows: readonly EvaluatedRow[]): Column<EvaluatedRow>[] {
  const differing = (column: Column<EvaluatedRow>) => (varies(rows, column.cell) ? [column] : []);
  return [
    ...differing({ head: 'model', cell: ({ model }) => model }),
    ...differing({ head: 'scheduler', cell: ({ scheduler }) => scheduler }),
    { head: 'steps', cell: ({ steps }) => steps, numeric: true },
    ...differing({ head: 'eta', cell: ({ eta }) => eta, numeric: true }),
    { head: 'precision', cell: ({ precision }) => precision },
    { head: 'schedule', cell: ({ schedule }) => schedule },
    ...measuredColumns(rows, false),
  ];
}

/** One sentence per row that is not recommended although its gain in the objective is above 0: what decided it. */
function whyNot(rows: readonly EvaluatedRow[], nameOf: ScorerNames): string[] {
  return rows.flatMap(({ model, precision, scheduler, steps, schedule, gains, recommend }) => {
    const [first, ...others] = gains;
    if (recommend !== 'identity' || first === undefined || !(first.low > 0)) return [];
    const shown = others
      .filter(({ low }) => !(low > 0))
      .map(({ scorer, gain, low, high }) => {
        return `the gain in ${nameOf(scorer)} is ${spread(gain, low, high, 4, signed)}, and its lower end is not above 0`;
      });
    const why = shown.length > 0 ? shown.join('; ') : 'some prompts lack an image or a score';
    const about = `${model} ${precision}, ${scheduler}, ${stepCount(steps)}, ${schedule}`;
    return [`${about}: not recommended although the objective gains: ${why}.`];
  });
}
