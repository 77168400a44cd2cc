/**
 * A schedule for people: a table of its steps, and a plot.
 */
import type { CompleteSchedule, FusedDocument } from '../../contract/schedule-document.js';
import { isClipped } from '../../contract/schedule-step.js';
import { textTable } from './table-document.js';

const SYMBOLS = { sample: 'c^x', noise: 'c^eps' };
const WIDTH = 21;
const CENTRE = (WIDTH - 1) / 2;
/** Smallest range of the plot around 1. */
const SMALLEST_SPAN = 0.01;

const short = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(4));
const offset = (d: number | readonly number[]): string =>
  typeof d === 'number' ? short(d) : `[${d.map((v) => v.toFixed(4)).join(' ')}]`;

function weightsOf(step: FusedDocument['steps'][number]): string[] {
  if (!isClipped(step)) return [step.a.toFixed(6), step.b.toFixed(6), offset(step.d), step.n.toFixed(6)];
  const { x0, clip, prev } = step;
  const sum = (terms: readonly (readonly [number, string])[]): string =>
    terms
      .filter(([weight]) => weight !== 0)
      .map(([weight, name]) => `${weight.toFixed(6)} ${name}`)
      .join(' + ');
  return [
    sum([
      [x0.x, 'x'],
      [x0.m, 'm'],
    ]),
    `[-${clip}, ${clip}]`,
    sum([
      [prev.x0, 'x0'],
      [prev.x, 'x'],
      [prev.m, 'm'],
      [prev.z, 'z'],
    ]),
  ];
}

/** @param sigmas noise level of each step; null if unknown */
export function scheduleText(document: CompleteSchedule, sigmas: readonly number[] | null): string {
  const {
    coefficients: { sample, noise },
    fused,
    ptqd,
    match,
  } = document;
  const rows = fused.steps.map((step, i) => [
    String(i),
    short(step.timestep),
    sample[i]!.toFixed(4),
    noise[i]!.toFixed(4),
    ...weightsOf(step),
  ]);
  const heads = fused.steps.some(isClipped) ? ['x0', 'clipped to', "x'"] : ['A', 'B', 'D', 'N'];
  const parts = [textTable([['step', 'timestep', 'c^x', 'c^eps', ...heads], ...rows]), '', plot(document, sigmas)];
  if (ptqd !== undefined) {
    parts.push(
      '',
      textTable([
        ['step', 'gamma', 'mu', 'variance'],
        ...ptqd.map(({ gamma, mu, variance }, i) => [
          String(i),
          gamma.toFixed(6),
          offset(mu),
          variance.toExponential(3),
        ]),
      ]),
      `  PTQD, gamma by ${ptqd[0]!.method}: the output becomes (m - mu) / (1 + gamma)`,
    );
  }
  if (match !== undefined) parts.push('', ...matchText(match));
  return parts.join('\n');
}

/** How near a least-squares match comes to full precision, step by step, and what it could not determine. */
function matchText(match: NonNullable<CompleteSchedule['match']>): string[] {
  const rows = match.map(({ before, after }, i) => [String(i), before.toFixed(6), after.toFixed(6)]);
  const fixed = match.flatMap(({ fixed: names }, i) => names.map((name) => `${SYMBOLS[name]} of step ${i}`));
  return [
    textTable([['step', 'with 1', 'matched'], ...rows]),
    '  root mean square distance to the full-precision latents after the step',
    ...(fixed.length === 0 ? [] : [`  not determined by least squares, so left at 1: ${fixed.join(', ')}`]),
  ];
}

/** c^x and c^eps as marks around 1, sigma as bars. */
function plot(
  { coefficients: { sample, noise }, timesteps }: CompleteSchedule,
  sigmas: readonly number[] | null,
): string {
  const span = Math.max(SMALLEST_SPAN, ...[...sample, ...noise].map((c) => Math.abs(c - 1)));
  const top = sigmas === null ? 1 : Math.log1p(Math.max(...sigmas));
  const head = [
    '',
    `c^x  ${range(span)}`,
    `c^eps  ${range(span)}`,
    ...(sigmas === null ? [] : ['sigma (bar: ln(1 + sigma))']),
  ];
  return textTable([
    head,
    ...timesteps.map((t, i) => [
      short(t),
      mark(sample[i]!, span),
      mark(noise[i]!, span),
      ...(sigmas === null
        ? []
        : [`${'#'.repeat(Math.max(1, Math.round((Math.log1p(sigmas[i]!) / top) * WIDTH)))} ${sigmas[i]!.toFixed(4)}`]),
    ]),
  ]);
}

const range = (span: number): string => `${(1 - span).toFixed(3)}..${(1 + span).toFixed(3)}`;

function mark(value: number, span: number): string {
  const cells: string[] = Array.from({ length: WIDTH }, (_, i) => (i === CENTRE ? '|' : '.'));
  cells[Math.round(CENTRE + ((value - 1) / span) * CENTRE)] = '*';
  return cells.join('');
}
