/**
 * The lines of bench/results.json, and the tables that show them: on the terminal, and in README.md.
 */
import { cpus } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import { tableOf, writeTable } from '../cli/text/table-document.js';

const FILE = new URL('results.json', import.meta.url);
const README = new URL('../README.md', import.meta.url);
/** What README.md has between these comments is written by `npm run bench`. */
const [START, END] = ['<!-- npm run bench: start -->', '<!-- npm run bench: end -->'];

/** A measured figure and its peer's. A ratio above 1 always means that ours is better. */
export interface BenchResult {
  readonly name: string;
  readonly title: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly ratio: number | null;
  /** 95 %, of the ratio, where it varies: its upper end is what the target applies to. */
  readonly interval?: readonly [number, number];
  /** `share`: of 1, shown in percent. */
  readonly unit:
    's' | 'score' | 'evaluations' | 'candidates' | 'candidates/s' | 'rows' | 'share' | 'regret' | 'times the minimum';
  readonly better: 'higher' | 'lower';
  readonly peerName: string | null;
  /** Set where what was measured for did not come about at all: whatever the figures are, the target is missed. */
  readonly missed?: true;
  readonly target: number;
  /** What the target applies to. */
  readonly measure: 'ratio' | 'ours';
  readonly command: string;
  readonly date: string;
  readonly cpu: string;
}

/** Adds what every line has. */
export function result(
  line: Omit<BenchResult, 'peer' | 'peerName' | 'ratio' | 'command' | 'date' | 'cpu'> &
    Partial<Pick<BenchResult, 'peer' | 'peerName'>>,
): BenchResult {
  const { name, ours, better, peer = null, peerName = null } = line;
  const ratio = peer === null ? null : better === 'higher' ? ours / peer : peer / ours;
  return {
    ...line,
    peer,
    peerName,
    ratio,
    command: `npm run bench -- ${name}`,
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}`,
  };
}

/** All stored lines. */
export const stored = (): BenchResult[] => JSON.parse(readFileSync(FILE, 'utf8')) as BenchResult[];

/** Replaces lines with the same names in bench/results.json, and the table in README.md. */
export function save(lines: readonly BenchResult[]): BenchResult[] {
  const names = new Set(lines.map((line) => line.name));
  const all = [...stored().filter(({ name }) => !names.has(name)), ...lines].sort((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(FILE, `${JSON.stringify(all, null, 2)}\n`);
  const readme = readFileSync(README, 'utf8');
  const [before, after] = [readme.indexOf(START), readme.indexOf(END)];
  if (before !== -1 && after !== -1) {
    writeFileSync(
      README,
      `${readme.slice(0, before + START.length)}\n${asTable(all, 'markdown')}\n${readme.slice(after)}`,
    );
  }
  return all;
}

/** Whether a line reaches its target; null without a peer to compare with. */
export function reaches({ measure, ratio, interval, ours, target, better, missed }: BenchResult): boolean | null {
  if (missed === true) return false;
  if (measure === 'ratio') return ratio === null ? null : (interval?.[1] ?? ratio) >= target;
  return better === 'higher' ? ours >= target : ours <= target;
}

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
