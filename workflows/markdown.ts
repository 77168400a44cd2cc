/**
 * What the Temporal UI shows of a search, in Markdown: how far it is, what it has found, what to type next. Pure.
 */
import type { Coefficients } from '../contract/coefficients.js';

const { round } = Math;

/** Rows of a table of two columns. */
type Rows = readonly (readonly [string, string])[];

/** A table whose first row is its head. Cells must not hold line breaks. */
export function markdownTable([head, ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head!), line(head!.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A bar would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Facts with their names. */
export const factTable = (rows: Rows): string => markdownTable([['', ''], ...rows]);

/** `+0.0123` */
export const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`;

/** `0.9712, 1.0288` */
const list = (values: readonly number[]): string => values.map((value) => value.toFixed(4)).join(', ');

/** c^x and c^eps of every step. */
export const coefficientRows = ({ sample, noise }: Coefficients): Rows => [
  ['c^x per step', list(sample)],
  ['c^eps per step', list(noise)],
];

/** `42 s`, `12 min`, `3.5 h` */
export function about(seconds: number): string {
  if (seconds < 100) return `${round(seconds)} s`;
  return seconds < 6000 ? `${round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Commands to copy, with what each does. */
export const commands = (list: readonly (readonly [command: string, what: string])[]): string =>
  list.map(([command, what]) => `- \`${command}\` ${what}`).join('\n');

/** `1.6710` */
export const fixed = (value: number | null): string => (value === null ? '-' : value.toFixed(4));

/** `+0.0123 to +0.0201` */
export const interval = (low: number | null, high: number | null): string =>
  low === null || high === null ? '-' : `${signed(low)} to ${signed(high)}`;

/** Blocks below each other. The Temporal UI cuts the last lines of its frame off: two empty ones follow. */
export const sheet = (blocks: readonly string[]): string => [...blocks, '\u00a0', '\u00a0'].join('\n\n');
