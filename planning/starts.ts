/**
 * What a search starts from, as points of its own space.
 */
import type { Coefficients } from '../contract/coefficients.js';
import { plainOpening, type FirstAsk, type Opening } from '../contract/opening.js';
import type { Starts } from '../contract/payloads.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { nearestPoint } from '../diffusion/project.js';

const SHORT_ID = 12;

/** The opening of a search, without a prior. */
export function openingOf(spec: SearchSpec, starts?: Starts): Opening {
  const plain = plainOpening(spec.optimizer.budget);
  if (starts === undefined) return plain;
  const { linear, match } = starts;
  const ask = (from: FirstAsk['from'], found: { readonly coefficients: Coefficients } | null): FirstAsk[] =>
    found === null ? [] : [{ from, point: pointOf(spec, found.coefficients) }];
  const firstAsks = [...ask('linear', linear), ...ask('match', match)];
  return { ...plain, firstAsks, ...(linear === null ? {} : { linear }) };
}

/** Where the first candidates come from. */
export function startNotes({ coefficients: { shape, range } }: SearchSpec, starts?: Starts): string[] {
  if (starts === undefined) return [];
  const { linear, match } = starts;
  return [
    ...(linear === null ? [] : [`It started from the finalist of the linear search "${linear.searchId}".`]),
    ...(match === null
      ? []
      : [
          `It started from a least-squares match with full precision (schedule ${match.scheduleId.slice(0, SHORT_ID)}): ` +
            `the nearest ${shape} coefficients within [${range.join(', ')}] were asked first.`,
        ]),
  ];
}

const pointOf = ({ coefficients: { shape, tune, range }, scheduler: { steps } }: SearchSpec, found: Coefficients) =>
  nearestPoint({ shape, tune, range, steps }, found);
