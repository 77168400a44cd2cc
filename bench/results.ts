/**
 * The lines of bench/results.json.
 */
import { cpus } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('results.json', import.meta.url);

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

/** Replaces lines with the same names in bench/results.json. */
export function save(lines: readonly BenchResult[]): BenchResult[] {
  const names = new Set(lines.map((line) => line.name));
  const all = [...stored().filter(({ name }) => !names.has(name)), ...lines].sort((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(FILE, `${JSON.stringify(all, null, 2)}\n`);
  return all;
}

/** Whether a line reaches its target; null without a peer to compare with. */
export function reaches({ measure, ratio, interval, ours, target, better, missed }: BenchResult): boolean | null {
  if (missed === true) return false;
  if (measure === 'ratio') return ratio === null ? null : (interval?.[1] ?? ratio) >= target;
  return better === 'higher' ? ours >= target : ours <= target;
}
