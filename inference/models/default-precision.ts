/**
 * The precision of a search that names none: the model's own choice, else the only quantised network.
 */
import { basename, join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { suggestion } from '../../contract/suggestion.js';
import { isFullPrecision } from './model-parts.js';
import type { OwnSettings } from './own-settings.js';

/** @throws QschedError (usage) that lists the precisions, if none or several of them are quantised */
export function defaultPrecision(
  folder: string,
  precisions: readonly string[],
  { defaultPrecision: own }: OwnSettings,
): string {
  const name = basename(folder);
  if (own !== undefined) {
    if (precisions.includes(own)) return own;
    throw new QschedError(
      'usage',
      `${join(folder, 'qsched.json')}: defaultPrecision is "${own}", which the model does not have.`,
      suggestion(own, precisions),
    );
  }
  const quantised = precisions.filter((one) => !isFullPrecision(one));
  const [only] = quantised;
  if (only === undefined) {
    throw new QschedError(
      'usage',
      `precision is missing: the model "${name}" has no quantised network, only ${precisions.join(' and ')}.`,
      `Quantise it: python tools/quantise_model.py ${folder} --to w8a8,w4a8. Or choose ${precisions.join(' or ')}.`,
    );
  }
  if (quantised.length === 1) return only;
  throw new QschedError(
    'usage',
    `precision is missing: the model "${name}" has ${quantised.length} quantised networks: ${quantised.join(', ')}.`,
    'Choose one of them, or set defaultPrecision in its qsched.json.',
  );
}
