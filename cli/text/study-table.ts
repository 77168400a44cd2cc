/**
 * The table of a study; a surface is a grid of scores with c^x in rows and c^eps in columns.
 */
import type { StudyResult, StudyRow } from '../../contract/study-spec.js';
import { csvColumns, measuredColumns, varies } from './row-columns.js';
import { surfaceTable } from './surface-table.js';
import { tableOf, writeTable, type Cell, type Column, type TableFormat } from './table-document.js';

/** The table in one format, without a line feed at its end. */
export function studyTable(result: StudyResult, format: TableFormat): string {
  const { study, rows, columns } = result;
  const own = columns.map((name): Column<StudyRow> => ({ head: name, cell: (row) => row[name] as Cell }));
  if (format === 'csv') {
    const label: Column<StudyRow> = { head: 'label', cell: (row) => row.label };
    const source: Column<StudyRow> = { head: 'source', cell: (row) => row.source };
    return writeTable(tableOf<StudyRow>([...own, label, ...csvColumns(rows), source], rows), format);
  }
  if (study === 'surface') {
    const points = rows.map((row) => ({ x: row['sample'] as number, y: row['noise'] as number, score: row.objective }));
    return writeTable(surfaceTable(points, 'c^x \\ c^eps', 2), format);
  }
  const network: Column<StudyRow>[] = [
    { head: 'sampler', cell: ({ scheduler }) => scheduler.toUpperCase() },
    { head: 'steps', cell: ({ steps }) => steps, numeric: true },
    ...(varies(rows, ({ eta }) => eta) ? [{ head: 'eta', cell: ({ eta }: StudyRow) => eta, numeric: true }] : []),
    { head: 'precision', cell: ({ precision }) => precision },
    { head: 'schedule', cell: ({ label }) => label },
  ];
  return writeTable(tableOf<StudyRow>([...network, ...own, ...measuredColumns(rows, true)], rows), format);
}
