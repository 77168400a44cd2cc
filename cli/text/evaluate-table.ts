/**
 * The table of an evaluation.
 */
import type { EvaluatedRow } from '../../contract/evaluate-spec.js';
import { csvColumns, measuredColumns, varies } from './row-columns.js';
import type { ScorerNames } from '../../report/text/scorer-label.js';
import { whyNotRecommended } from '../../report/text/why-not-recommended.js';
import { tableOf, writeTable, type Column, type TableFormat } from './table-document.js';

/** @returns the table, without a line feed at its end; below it, but not in CSV, why rows with a gain are not recommended */
export function evaluateTable(
  rows: readonly EvaluatedRow[],
  format: TableFormat = 'table',
  nameOf: ScorerNames = (role) => role,
): string {
  const columns = format === 'csv' ? csvColumns(rows) : textColumns(rows);
  return writeTable(tableOf<EvaluatedRow>(columns, rows, whyNotRecommended(rows, nameOf)), format);
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
