/**
 * Scores of a two-dimensional grid as a table, with the best one marked.
 */
import { fixed } from '../../report/text/numbers.js';
import { tableOf, type TableDocument } from './table-document.js';

/** One point of a grid. */
export interface SurfacePoint {
  readonly x: number;
  readonly y: number;
  readonly score: number | null;
}

/** The values of both axes, in rising order. */
export const axesOf = (points: readonly SurfacePoint[]): { readonly xs: number[]; readonly ys: number[] } => ({
  xs: rising(points.map(({ x }) => x)),
  ys: rising(points.map(({ y }) => y)),
});

const rising = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/**
 * @param corner head of the first column, which shows x
 * @param digits decimals of the axes
 */
export function surfaceTable(points: readonly SurfacePoint[], corner: string, digits: number): TableDocument {
  const { xs, ys } = axesOf(points);
  const best = Math.max(...points.map(({ score }) => score ?? -Infinity));
  const cell = (x: number, y: number): string => {
    const score = points.find((point) => point.x === x && point.y === y)?.score ?? null;
    return `${fixed(score, 3)}${score === best ? '*' : ''}`;
  };
  return tableOf(
    [
      { head: corner, cell: (x: number) => fixed(x, digits), numeric: true },
      ...ys.map((y) => ({ head: fixed(y, digits), cell: (x: number) => cell(x, y), numeric: true })),
    ],
    xs,
    ['* is the best score.'],
  );
}
