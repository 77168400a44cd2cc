/**
 * The scorers of a model by their own names: a spec and a verdict call them by role.
 */
import { inspectNetwork } from '../../inference/describe.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';

/** How a table names a scorer. */
export type ScorerNames = (role: string) => string;

/** The objective keeps its name; another scorer is named by its folder, if the model is here. */
export function scorerNames(model: string, roles: readonly string[]): ScorerNames {
  const names = new Map<string, string>();
  try {
    const scorers = roles.filter((role) => role !== 'objective');
    const request = { version: WIRE_VERSION, model, precision: 'reference', options: {}, scorers } as const;
    for (const one of inspectNetwork(request).scorers) if ('name' in one) names.set(one.role, one.name);
  } catch {
    // The model is on another machine.
  }
  return (role) => names.get(role) ?? role;
}
