/**
 * Which scorers an objective may need, before anybody looked at them.
 */
import { scorersOf } from '../../contract/objective-plan.js';
import type { ObjectiveTerms } from '../../contract/search-spec.js';
import { OBJECTIVES } from './registry.js';

/** Names of scorers, each once: a superset of those that the plan will use. */
export function scorersAsked(
  choice: ObjectiveTerms,
  beside: readonly string[],
  features: string | null = null,
): string[] {
  const { parts, scorers } = OBJECTIVES[choice.type];
  const own = scorers?.(choice) ?? scorersOf(parts(choice, { declared: () => [], installed: () => [] }));
  return [...new Set([...own, ...beside, ...(features === null ? [] : [features])])];
}
