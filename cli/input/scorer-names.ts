/**
 * The own names of a model's scorers.
 */
import { inspectNetwork } from '../../inference/describe.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import type { GainInterval } from '../../contract/search-result.js';
import type { ScorerNames } from '../../report/text/scorer-label.js';

/** The objective keeps its name; another scorer is named by its folder, if the model is here. */
export function scorerNames(model: string, gains: readonly Pick<GainInterval, 'scorer'>[]): ScorerNames {
  const scorers = [...new Set(gains.map(({ scorer }) => scorer))].filter((role) => role !== 'objective');
  const names = new Map<string, string>();
  try {
    const request = { version: WIRE_VERSION, model, precision: 'reference', options: {}, scorers } as const;
    for (const one of inspectNetwork(request).scorers) if ('name' in one) names.set(one.role, one.name);
  } catch {
    // The model is on another machine.
  }
  return (role) => names.get(role) ?? role;
}
