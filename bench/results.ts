/**
 * One line of bench/results.json, and the table of all of them.
 */
import { cpus } from 'node:os';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { textTable } from '../cli/text/table-document.js';

const FILE = new URL('results.json', import.meta.url);

/** A measured figure and its peer's. A ratio above 1 always means that ours is better. */
export interface BenchResult {
  readonly name: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly ratio: number | null;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly peerName: string | null;
  readonly target: number;
  /** What the target applies to. */
  readonly measure: 'ratio' | 'ours';
  readonly command: string;
  readonly date: string;
  readonly cpu: string;
}

/** Adds what every line has. */
export function result(
  line: Pick<BenchResult, 'name' | 'ours' | 'peer' | 'unit' | 'better' | 'peerName' | 'target' | 'measure'>,
): BenchResult {
  const { ours, peer, better } = line;
  const ratio = peer === null ? null : better === 'higher' ? ours / peer : peer / ours;
  return {
    ...line,
    ratio,
    command: `npm run bench -- ${line.name}`,
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus()[0]?.model ?? 'unknown'} x ${cpus().length}`,
  };
}

/** Replaces lines with the same names in bench/results.json. */
export function save(lines: readonly BenchResult[]): BenchResult[] {
  const old = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as BenchResult[]) : [];
  const names = new Set(lines.map((line) => line.name));
  const all = [...old.filter((line) => !names.has(line.name)), ...lines].sort((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(FILE, `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

/** Whether a line reaches its target; null without a peer to compare with. */
export function reaches({ measure, ratio, ours, target, better }: BenchResult): boolean | null {
  if (measure === 'ratio') return ratio === null ? null : ratio >= target;
  return better === 'higher' ? ours >= target : ours <= target;
}

/** The lines as a table. */
export function asTable(lines: readonly BenchResult[]): string {
  const show = (value: number | null): string =>
    value === null ? '-' : value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 1 && value < 1.1 ? 5 : 3);
  const rows = [
    ['name', 'ours', 'peer', 'unit', 'ratio', 'target', 'reached', 'peer is'],
    ...lines.map((line) => [
      line.name,
      show(line.ours),
      show(line.peer),
      line.unit,
      show(line.ratio),
      `${line.measure} ${line.measure === 'ratio' || line.better === 'higher' ? '>=' : '<='} ${+line.target.toFixed(4)}`,
      { true: 'yes', false: 'no', null: '-' }[String(reaches(line)) as 'true'],
      line.peerName ?? '-',
    ]),
  ];
  return textTable(rows);
}
