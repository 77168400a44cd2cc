/**
 * A table, and how it is written: aligned text, Markdown or CSV.
 */
import { suggestion } from '../../contract/suggestion.js';
import { QschedError } from '../../contract/errors.js';
import { fitWidths, wrapCell } from './fit-table.js';

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

/** Writes a table, without a line feed at its end. @param show shows the cells of a text table, for colour */
export function writeTable(
  { columns, rows, notes }: TableDocument,
  format: TableFormat = 'table',
  show?: TableTarget['show'],
): string {
  const lines = [columns.map(({ head }) => head), ...rows];
  if (format === 'csv') return lines.map((cells) => cells.map(quoted).join(',')).join('\n');
  if (format === 'table') {
    const table = textTable(lines, show === undefined ? {} : { show });
    return [table, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
  }
  const [head, ...body] = lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  const rule = `| ${columns.map(({ numeric }) => (numeric ? '---:' : '---')).join(' | ')} |`;
  return [head, rule, ...body, ...(notes.length > 0 ? ['', ...notes.map((note) => `- ${note}`)] : [])].join('\n');
}

/** What a table is written for. */
interface TableTarget {
  /** Columns of the terminal; by default those of standard output, and no limit where that is none. */
  readonly columns?: number | undefined;
  /** Whether the first row holds heads. */
  readonly heads?: boolean;
  /** Shows a cell, for colour: the same characters. */
  readonly show?: (cell: string, row: number) => string;
}

const GAP = 2;

/** Columns of standard output; undefined where that is no terminal. */
const columnsHere = (): number | undefined => (process.stdout.isTTY ? process.stdout.columns : undefined);

/**
 * Aligned columns of texts, with heads in the first row unless `heads` is false. On a terminal that is too narrow cells take
 * several lines, and where not even their longest words fit, each row becomes a block with a line per column.
 */
export function textTable(
  rows: readonly (readonly string[])[],
  { columns = columnsHere(), heads = true, show = (cell) => cell }: TableTarget = {},
): string {
  const gaps = GAP * (rows[0]!.length - 1);
  const fitted = fitWidths(rows, columns === undefined ? Infinity : columns - gaps);
  if (fitted === null && heads) return blocks(rows, show);
  const widths = fitted ?? fitWidths(rows, Infinity)!;
  return rows.flatMap((row, at) => linesOf(row, widths, (cell) => show(cell, at))).join('\n');
}

function linesOf(row: readonly string[], widths: readonly number[], show: (cell: string) => string): string[] {
  const cells = row.map((cell, column) => wrapCell(cell, widths[column]!));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((lines, column) => {
        const text = lines[line] ?? '';
        return `${text === '' ? '' : show(text)}${' '.repeat(widths[column]! - text.length)}`;
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

/** A row per block: its first cell, and below it the others with their heads. */
function blocks([heads, ...rows]: readonly (readonly string[])[], show: (cell: string, row: number) => string): string {
  const width = Math.max(...heads!.slice(1).map(({ length }) => length));
  return rows
    .map((row, at) =>
      row
        .flatMap((cell, column) => {
          if (column === 0) return [show(cell, at + 1)];
          return cell === '' ? [] : [`  ${heads![column]!.padEnd(width)}  ${show(cell, at + 1)}`];
        })
        .join('\n'),
    )
    .join('\n\n');
}

/** A CSV field (RFC 4180): quoted if it contains a comma, a quote or a line break. */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
