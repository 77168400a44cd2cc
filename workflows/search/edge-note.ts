/**
 * Notes for a search whose finalist sits on the edge of its range, and for one whose range grew.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { coordinateOf } from '../../diffusion/coefficients.js';
import type { SearchSpace } from '../../optimizers/optimizer.js';
import { spaceOf } from './search-run.js';

const { max, min } = Math;

/** On the edge: within this share of the range. */
const NEAR = 0.02;
/** A range that is suggested is wider by this share of the range, on each side that the finalist sits on. */
const WIDER = 0.5;
/** No wider range is suggested: the coefficients of a schedule are close to 1. */
const LIMITS = [0.5, 1.5] as const;

/**
 * At most two sentences: from which range to which it grew, and which coefficients of the finalist sit on an edge, with what
 * to type.
 *
 * @param box where the optimizer looked for its last candidates
 */
export function edgeNotes(spec: SearchSpec, finalist: Coefficients, box: SearchSpace): string[] {
  return [...grownNote(spec, box), ...onEdgeNote(spec, finalist, box)];
}

function grownNote(spec: SearchSpec, { lower, upper }: SearchSpace): string[] {
  const { names, lower: from, upper: to } = spaceOf(spec);
  const grown = names.flatMap((name, i) =>
    lower[i] === from[i] && upper[i] === to[i] ? [] : [`${wordsOf(name)} to ${rangeText(lower[i]!, upper[i]!)}`],
  );
  if (grown.length === 0) return [];
  const [low, high] = spec.coefficients.range;
  return [
    `The best candidates lay on the edge of the range, so it grew from ${rangeText(low, high)}: ${grown.join(', ')}.`,
  ];
}

/** A coefficient on one of the ends of its range. */
interface End {
  readonly name: string;
  readonly value: number;
  readonly edge: number;
  readonly side: 'low' | 'high';
}

function onEdgeNote(spec: SearchSpec, finalist: Coefficients, { lower, upper }: SearchSpace): string[] {
  const ends = spaceOf(spec).names.flatMap((name, i): End[] => {
    const [value, low, high] = [coordinateOf(name, finalist), lower[i]!, upper[i]!];
    const near = NEAR * (high - low);
    if (value - low <= near) return [{ name, value, edge: low, side: 'low' }];
    return high - value <= near ? [{ name, value, edge: high, side: 'high' }] : [];
  });
  if (ends.length === 0) return [];
  const where = ends.map(({ name, value, edge }) => `${wordsOf(name)} is ${short(value)} (edge ${short(edge)})`);
  const what = `The finalist sits on the edge of its range: ${where.join(', ')}.`;
  const down = ends.some(({ side, edge }) => side === 'low' && edge > LIMITS[0]);
  const up = ends.some(({ side, edge }) => side === 'high' && edge < LIMITS[1]);
  if (!down && !up) return [`${what} A wider range than ${rangeText(...LIMITS)} is not suggested.`];
  const [first, last] = spec.coefficients.range;
  const step = WIDER * (last - first);
  const [low, high] = [min(...lower), max(...upper)];
  const wider = [down ? max(LIMITS[0], low - step) : low, up ? min(LIMITS[1], high + step) : high];
  return [`${what} Better ones may lie beyond: search again with --range ${wider.map(short).join(',')}`];
}

/** `sample.start` of a linear space is c^x of the first step, `noise.2` of one per step c^eps of step 3. */
function wordsOf(name: string): string {
  const [part, label] = name.split('.') as ['sample' | 'noise', string];
  const symbol = part === 'sample' ? 'c^x' : 'c^eps';
  const step = { start: 'the first step', end: 'the last step' }[label] ?? `step ${Number(label) + 1}`;
  return `${symbol} of ${step}`;
}

const rangeText = (low: number, high: number): string => `[${short(low)}, ${short(high)}]`;

/** At most four digits behind the point. */
const short = (value: number): string => String(Number(value.toFixed(4)));
