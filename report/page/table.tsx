/**
 * Tables: numbers to the right, wide ones scroll by themselves, also by keyboard.
 */
import type { ComponentChildren } from 'preact';

/** A column of rows of one kind. */
export interface Column<Row> {
  readonly head: ComponentChildren;
  readonly cell: (row: Row, i: number) => ComponentChildren;
  readonly numeric?: true;
}

interface TableProps<Row> {
  /** Read out by screen readers. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly marked?: (row: Row) => boolean;
}

/** The first column names the rows. */
export function Table<Row>({ label, columns, rows, marked = () => false }: TableProps<Row>) {
  return (
    <div class="table" role="group" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ head, numeric }) => (
              <th scope="col" class={numeric ? 'number' : undefined}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr class={marked(row) ? 'marked' : undefined}>
              {columns.map(({ cell, numeric }, at) =>
                at === 0 ? (
                  <th scope="row" class={numeric ? 'number' : undefined}>
                    {cell(row, i)}
                  </th>
                ) : (
                  <td class={numeric ? 'number' : undefined}>{cell(row, i)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Details under a chart that say the same as numbers. */
export const Numbers = <Row,>({ title, ...table }: TableProps<Row> & { readonly title: string }) => (
  <details class="numbers">
    <summary>{title}</summary>
    <Table {...table} />
  </details>
);
