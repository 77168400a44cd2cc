/**
 * The verdict of a gate, for people, and as Markdown for a pull request.
 */
import type { GateResult, GateScore } from '../../contract/gate-result.js';
import { fixed, signed } from '../../report/text/numbers.js';
import { styled } from './colour.js';
import { tableOf, writeTable, type Column } from './table-document.js';

const COLOURS = { passed: 'green', failed: 'red', undecided: 'yellow' } as const;

/** @param repair the command that searches coefficients for a failed candidate */
export function gateText(result: GateResult, repair: string | null): string {
  const { verdict, reason, reference, candidate } = result;
  return [
    `${styled(['bold', COLOURS[verdict]], verdict)}: ${candidate.name} against ${reference.name}`,
    `  ${reason}`,
    '',
    writeTable(tableOf(columns, result.scores)),
    '',
    ...footOf(result).map((line) => `  ${line}`),
    ...(repair === null ? [] : ['', 'To search coefficients that repair it:', `  ${repair}`]),
  ].join('\n');
}

/** The same as Markdown. */
export function gateMarkdown(result: GateResult, repair: string | null): string {
  const { verdict, reason, reference, candidate, warnings } = result;
  return [
    `### qsched gate: ${verdict}`,
    '',
    `\`${candidate.name}\` against \`${reference.name}\`: ${reason}`,
    '',
    writeTable(tableOf(columns, result.scores), 'markdown'),
    '',
    ...[...footOf(result), ...warnings].map((line) => `- ${line}`),
    ...(repair === null ? [] : ['', 'To search coefficients that repair it:', '', '```', repair, '```']),
  ].join('\n');
}

const number = ({ kind }: GateScore, value: number | null): string =>
  value === null ? '-' : kind === 'pointwise' ? signed(value) : fixed(value);

const columns: readonly Column<GateScore>[] = [
  { head: 'score', cell: ({ name }) => name },
  { head: 'reference', cell: ({ reference }) => (reference === null ? '' : fixed(reference)), numeric: true },
  { head: 'candidate', cell: ({ candidate }) => (candidate === null ? '' : fixed(candidate)), numeric: true },
  { head: 'difference', cell: (score) => number(score, score.estimate), numeric: true },
  { head: 'bounds', cell: (score) => `${number(score, score.low)} to ${number(score, score.high)}`, numeric: true },
  { head: 'must be', cell: mustBe, numeric: true },
  { head: '', cell: ({ state }) => (state === 'open' ? 'undecided' : state) },
];

/** `above -0.0123 (0.1 of the spread)`, `below 0.1000` */
function mustBe(score: GateScore): string {
  const { kind, better, margin } = score;
  if (kind === 'pairwise') return `${better === 'higher' ? 'above' : 'below'} ${fixed(margin)}`;
  return `above ${signed(-margin)}`;
}

function footOf({ scores, prompts, looks, alpha, power, generated, reused, seconds }: GateResult): string[] {
  const { count, set, seeds, skip } = prompts;
  const from = set === null ? '' : ` of ${set}${skip === 0 ? '' : ` after the first ${skip}`}`;
  const spread = scores.flatMap(({ name, spread: one }) => (one === null ? [] : [`${name} ${one.toPrecision(3)}`]));
  const repeat = scores.flatMap(({ name, repeat: one }) => (one === null ? [] : [`${name} ${fixed(one)}`]));
  return [
    `${count} prompts${from}, seeds ${seeds.join(', ')}; ${looks.length} ${looks.length === 1 ? 'look' : 'looks'}`,
    `bounds: one-sided ${percent(1 - alpha)}, clustered by prompt, the looks accounted for; planned for a power of ${percent(power)}`,
    ...(spread.length === 0 ? [] : [`standard deviation of the reference between seeds: ${spread.join(', ')}`]),
    ...(repeat.length === 0 ? [] : [`the reference against itself, same seeds: ${repeat.join(', ')}`]),
    `${generated} images generated, ${reused} reused; ${seconds.toFixed(1)} s`,
  ];
}

const percent = (share: number): string => `${Number((100 * share).toFixed(2))} %`;
