/**
 * The lines of bench/results.json as tables: all of them on the terminal and in docs/benchmarks.md, what people ask first
 * in README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { tableOf, writeTable } from '../cli/text/table-document.js';
import { reaches, type BenchResult } from './results.js';

/** What a page has between these comments is written by `npm run bench`. */
const [START, END] = ['<!-- npm run bench: start -->', '<!-- npm run bench: end -->'];

/** Lines of the README's table, each with a peer that was measured beside it. */
const HEADLINES = [
  'images-to-gain',
  'images-to-gain-prior',
  'auto-regret-4d-20',
  'auto-surface-shapes-w4a8-tcd-4',
  'prior-w8a8-w4a8',
  'gp-ask',
  'plain-loop-4',
  'noop-grid',
  'workers-16-auto',
  'door-overhead',
  'gate-error',
];

const shown = (value: number, unit: BenchResult['unit']): string => {
  if (unit === 'share') return `${(100 * value).toFixed(1)} %`;
  if (unit === 'times the minimum') return `${value.toFixed(3)} x`;
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`;
};

const withInterval = (ratio: number, interval: BenchResult['interval']): string =>
  [
    ratio.toPrecision(2),
    ...(interval === undefined ? [] : [`[${interval.map((end) => end.toPrecision(2)).join(', ')}]`]),
  ].join(' ');

function targetOf({ measure, target, better, unit }: BenchResult): string {
  if (measure === 'ratio') return `ratio ${Number(target.toPrecision(3))}`;
  return `${better === 'higher' ? 'at least' : 'at most'} ${shown(target, unit)}`;
}

/** The lines as a table. */
export const asTable = (lines: readonly BenchResult[], format: 'table' | 'markdown'): string =>
  writeTable(
    tableOf<BenchResult>(
      [
        { head: 'benchmark', cell: ({ name }) => name },
        { head: 'what', cell: ({ title }) => title },
        { head: 'ours', cell: ({ ours, unit }) => shown(ours, unit), numeric: true },
        { head: 'target', cell: (line) => targetOf(line), numeric: true },
        { head: 'reached', cell: (line) => ({ true: 'yes', false: 'no', null: '-' })[`${reaches(line)}`] },
        {
          head: 'peer',
          cell: ({ peer, peerName, unit }) => (peer === null ? '' : `${shown(peer, unit)}: ${peerName}`),
        },
        {
          head: 'ratio',
          cell: ({ ratio, interval }) => (ratio === null ? '' : withInterval(ratio, interval)),
          numeric: true,
        },
      ],
      lines,
    ),
    format,
  );

/** The README's part: the headlines, and how many of all targets are reached, the missed ones by name. */
export function summaryOf(lines: readonly BenchResult[]): string {
  const headlines = HEADLINES.flatMap((name) => lines.filter((line) => line.name === name));
  const judged = lines.filter((line) => reaches(line) !== null);
  const missed = judged.filter((line) => reaches(line) === false).map(({ name }) => `\`${name}\``);
  const which = missed.length === 0 ? '' : ` Missed: ${missed.join(', ')}.`;
  return [
    asTable(headlines, 'markdown'),
    '',
    `${judged.length - missed.length} of ${judged.length} targets are reached.${which}`,
  ].join('\n');
}

/** Writes the tables into README.md and docs/benchmarks.md. */
export function writePages(lines: readonly BenchResult[]): void {
  between('../README.md', summaryOf(lines));
  between('../docs/benchmarks.md', asTable(lines, 'markdown'));
}

function between(page: string, text: string): void {
  const file = new URL(page, import.meta.url);
  const old = readFileSync(file, 'utf8');
  const [before, after] = [old.indexOf(START), old.indexOf(END)];
  if (before === -1 || after === -1) throw new Error(`${page} has no "${START}" and "${END}".`);
  writeFileSync(file, `${old.slice(0, before + START.length)}\n${text}\n${old.slice(after)}`);
}
