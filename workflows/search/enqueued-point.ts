/**
 * A candidate that a person puts in, as a point of the space that the search varies.
 */
import { QschedError } from '../../contract/errors.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { EnqueueInput } from '../../contract/steering.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { checkCoefficients } from '../../diffusion/coefficients.js';
import { spaceOf } from './search-run.js';

const { abs } = Math;

/** Coefficients that are closer than this to the search's shape have it. */
const ROUNDING = 1e-9;

/** @throws QschedError (usage): the wrong number of numbers, out of range, or coefficients of another shape */
export function enqueuedPoint(spec: SearchSpec, input: unknown): readonly number[] {
  const read = EnqueueInput.safeParse(input);
  const { names } = spaceOf(spec);
  if (!read.success) {
    throw new QschedError(
      'usage',
      'A candidate is a group of lists of numbers.',
      `${exampleOf(names)} varies ${names.join(', ')}.`,
    );
  }
  const point = 'coefficients' in read.data ? pointOf(spec, read.data.coefficients) : listed(spec, read.data);
  const [low, high] = spec.coefficients.growTo ?? spec.coefficients.range;
  const outside = point.findIndex((x) => !(x >= low && x <= high));
  if (outside >= 0) {
    throw new QschedError(
      'usage',
      `${names[outside]} is ${point[outside]}: this search stays within ${low} and ${high}.`,
      'Choose a value inside, or start another search with --range.',
    );
  }
  return point;
}

function listed(spec: SearchSpec, given: Coefficients): readonly number[] {
  const { names } = spaceOf(spec);
  for (const part of ['sample', 'noise'] as const) {
    const own = names.filter((name) => name.startsWith(`${part}.`));
    if (given[part].length === own.length) continue;
    const what = own.length === 0 ? `does not vary ${part}` : `varies ${own.length} of ${part}: ${own.join(', ')}`;
    throw new QschedError(
      'usage',
      `${part} has ${given[part].length} numbers, but this search ${what}.`,
      `For example ${exampleOf(names)}.`,
    );
  }
  return [...given.sample, ...given.noise];
}

/** `{"sample": [1, 1], "noise": [1, 1]}` */
function exampleOf(names: readonly string[]): string {
  const part = (which: string): string => {
    const count = names.filter((name) => name.startsWith(`${which}.`)).length;
    return count === 0 ? '' : `"${which}": [${new Array<number>(count).fill(1).join(', ')}]`;
  };
  return `{${['sample', 'noise']
    .map(part)
    .filter((text) => text !== '')
    .join(', ')}}`;
}

/** The point whose coefficients these are. */
function pointOf(spec: SearchSpec, coefficients: Coefficients): readonly number[] {
  checkCoefficients(coefficients, spec.scheduler.steps);
  const space = spaceOf(spec);
  const point = space.names.map((name) => {
    const [part, label] = name.split('.') as ['sample' | 'noise', string];
    const values = coefficients[part];
    return label === 'start' ? values[0]! : label === 'end' ? values.at(-1)! : values[Number(label)]!;
  });
  const back = space.toCoefficients(point);
  for (const part of ['sample', 'noise'] as const) {
    const step = coefficients[part].findIndex((value, i) => abs(value - back[part][i]!) > ROUNDING);
    if (step < 0) continue;
    throw new QschedError(
      'usage',
      `The coefficients are not ${spec.coefficients.shape}: ${part} of step ${step + 1} is ${coefficients[part][step]}, ` +
        `which this search can only have at ${back[part][step]}.`,
      `Give the numbers that it varies: ${space.names.join(', ')}.`,
    );
  }
  return point;
}
