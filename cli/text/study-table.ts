/**
 * The table of a study: aligned text, Markdown or CSV; a surface as rows of c^x by columns of c^eps.
 */
import { QschedError } from '../../contract/errors.js';
import type { StudyResult, StudyRow } from '../../contract/study-spec.js';
import { suggestion } from '../../contract/suggestion.js';
import { fixed, signed } from './numbers.js';
import { table } from './output.js';

/** How a table is written. */
const FORMATS = ['table', 'markdown', 'csv'] as const;
export type TableFormat = (typeof FORMATS)[number];

/** @throws QschedError (usage): another format */
export function tableFormat(name = 'table'): TableFormat {
  const found = FORMATS.find((format) => format === name);
  if (found === undefined) throw new QschedError('usage', `--format is "${name}".`, suggestion(name, FORMATS));
  return found;
}

/** The table in one format, without a line end. */
export function studyTable(result: StudyResult, format: TableFormat): string {
  if (format === 'csv') return csv(result);
  const cells = result.study === 'surface' ? surfaceCells(result.rows) : rowCells(result);
  return format === 'markdown' ? markdown(cells) : table(cells);
}

/** One column: its head, and what it shows of a row. */
interface Column {
  readonly head: string;
  readonly show: (row: StudyRow) => string;
}

const interval = (
  low: number | null,
  high: number | null,
  digits: number,
  show: (value: number, digits: number) => string = fixed,
): string => (low === null || high === null ? '' : ` [${show(low, digits)}, ${show(high, digits)}]`);

/** A Frechet distance is some tens on Inception's features, and far below 1 on those of a small encoder. */
const distanceDigits = (rows: readonly StudyRow[]): number =>
  rows.some(({ fid }) => fid !== null && fid >= 10) ? 2 : 4;

const measured = (digits: number): Column[] => [
  { head: 'FID', show: ({ fid, fidLow, fidHigh }) => `${fixed(fid, digits)}${interval(fidLow, fidHigh, digits)}` },
  {
    head: 'CLIPScore',
    show: ({ clipScore, clipScoreLow: low, clipScoreHigh: high }) => `${fixed(clipScore, 3)}${interval(low, high, 3)}`,
  },
  {
    head: 'objective',
    show: ({ objective, objectiveLow: low, objectiveHigh: high }) => `${fixed(objective, 4)}${interval(low, high, 4)}`,
  },
  { head: 'text', show: ({ tc }) => fixed(tc, 4) },
  { head: 'quality', show: ({ iq }) => fixed(iq, 4) },
  {
    head: 'gain',
    show: ({ gain, gainLow, gainHigh }) =>
      gain === null ? '' : `${signed(gain, 4)}${interval(gainLow, gainHigh, 4, signed)}`,
  },
  { head: 'recommended', show: ({ recommend }) => recommend ?? '' },
  { head: 'images', show: ({ images }) => String(images) },
];

function rowCells({ rows, columns }: StudyResult): string[][] {
  const varies = (pick: (row: StudyRow) => unknown): boolean => new Set(rows.map(pick)).size > 1;
  const network: Column[] = [
    { head: 'sampler', show: ({ scheduler }) => scheduler.toUpperCase() },
    { head: 'steps', show: ({ steps }) => String(steps) },
    ...(varies(({ eta }) => eta) ? [{ head: 'eta', show: ({ eta }: StudyRow) => String(eta) }] : []),
    { head: 'precision', show: ({ precision }) => precision },
    { head: 'schedule', show: ({ label }) => label },
  ];
  const own = columns.map((name): Column => ({ head: name, show: (row) => String(row[name] as string | number) }));
  const all = [...network, ...own, ...measured(distanceDigits(rows))].filter(
    ({ head }) => head !== 'FID' || rows.some(({ fid }) => fid !== null),
  );
  return [all.map(({ head }) => head), ...rows.map((row) => all.map(({ show }) => show(row)))];
}

/** Scores of a surface, the best one marked. */
function surfaceCells(rows: readonly StudyRow[]): string[][] {
  const axis = (name: string): number[] => [...new Set(rows.map((row) => row[name] as number))].sort((a, b) => a - b);
  const [xs, ys] = [axis('sample'), axis('noise')];
  const best = Math.max(...rows.map(({ objective }) => objective ?? -Infinity));
  const cell = (x: number, y: number): string => {
    const score = rows.find((row) => row['sample'] === x && row['noise'] === y)?.objective ?? null;
    return score === null ? '-' : `${score.toFixed(3)}${score === best ? '*' : ''}`;
  };
  return [
    ['c^x \\ c^eps', ...ys.map((y) => y.toFixed(2))],
    ...xs.map((x) => [x.toFixed(2), ...ys.map((y) => cell(x, y))]),
  ];
}

function markdown([head, ...rows]: readonly string[][]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head!), line(head!.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Every number as it is, one a column; lists and groups are left to --json. */
function csv({ rows }: StudyResult): string {
  const plain = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => plain(row[name]))))];
  const cell = (value: unknown): string => {
    const text = plain(value) && value !== null ? String(value as string | number | boolean) : '';
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [names.join(','), ...rows.map((row) => names.map((name) => cell(row[name])).join(','))].join('\n');
}
