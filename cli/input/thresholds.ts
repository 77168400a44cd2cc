/**
 * `--at-least text=-0.002,clip-iqa.noisiness=0`: the least gain over the baseline in each score.
 */
import { QschedError } from '../../contract/errors.js';
import { pairs, type Tree } from './values.js';

const EXAMPLE = 'For example: --at-least text=-0.002: the text term may lose 0.002 at most.';

/** The scores with their numbers. A number that is none remains a text. @throws QschedError (usage) */
export const thresholds = (text: string): Tree =>
  pairs('--at-least', text, { what: 'a score with a number', example: EXAMPLE });

/** The same, with numbers alone. @throws QschedError (usage) */
export function numericThresholds(text: string | undefined): Readonly<Record<string, number>> {
  if (text === undefined) return {};
  return Object.fromEntries(
    Object.entries(thresholds(text)).map(([name, value]) => {
      if (typeof value === 'number') return [name, value];
      throw new QschedError(
        'usage',
        `--at-least: the number of ${name} is "${String(value)}", which is not a finite number.`,
        EXAMPLE,
      );
    }),
  );
}
