/**
 * A table, and how it is written: aligned text, Markdown or CSV.
 */
import { suggestion } from '../../contract/suggestion.js';
import { QschedError } from '../../contract/errors.js';

/** A table with notes about it. */
export interface TableDocument {
  readonly columns: readonly Pick<Column<never>, 'head' | 'numeric'>[];
  /** Texts for people; null is an empty cell. */
  readonly rows: readonly (readonly string[])[];
  /** Sentences below the table; not part of CSV. */
  readonly notes: readonly string[];
}

/** One column of a table of rows `R`. */
export interface Column<R> {
  readonly head: string;
  readonly cell: (row: R) => Cell;
  /** Aligned to the right in Markdown. */
  readonly numeric?: boolean;
}

/** What a cell shows; null and undefined are empty. */
export type Cell = string | number | null | undefined;

const FORMATS = ['table', 'markdown', 'csv'] as const;
export type TableFormat = (typeof FORMATS)[number];

/** The format that `--format` names. @throws QschedError (usage) for another one */
export function tableFormat(name = 'table'): TableFormat {
  const found = FORMATS.find((format) => format === name);
  if (found === undefined) throw new QschedError('usage', `--format is "${name}".`, suggestion(name, FORMATS));
  return found;
}

/** A table of rows by its columns. */
export const tableOf = <R>(
  columns: readonly Column<R>[],
  rows: readonly R[],
  notes: readonly string[] = [],
): TableDocument => ({
  columns,
  rows: rows.map((row) => columns.map(({ cell }) => String(cell(row) ?? ''))),
  notes,
});

/** A table whose cells are texts already, with its heads as the first row. */
export const tableOfTexts = ([heads, ...rows]: readonly (readonly string[])[]): TableDocument => ({
  columns: heads!.map((head) => ({ head })),
  rows,
  notes: [],
});

/** Writes a table, without a line feed at its end. */
export function writeTable({ columns, rows, notes }: TableDocument, format: TableFormat = 'table'): string {
  const lines = [columns.map(({ head }) => head), ...rows];
  if (format === 'csv') return lines.map((cells) => cells.map(quoted).join(',')).join('\n');
  if (format === 'table') return [textTable(lines), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
  const [head, ...body] = lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  const rule = `| ${columns.map(({ numeric }) => (numeric ? '---:' : '---')).join(' | ')} |`;
  return [head, rule, ...body, ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : [])].join('\n');
}

/** Aligned columns of texts, for tables on a terminal. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A CSV field (RFC 4180): quoted if it contains a comma, a quote or a line break. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
