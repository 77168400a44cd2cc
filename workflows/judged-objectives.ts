/**
 * What a verdict judges by.
 */
import type { JudgedObjective, PrepareResult } from '../contract/payloads.js';
import type { SearchSpec } from '../contract/search-spec.js';

/** The search's own objective first, under its scorer's name; then each scorer outside it. */
export function judgedObjectives(
  { objective: { scorer } }: Pick<SearchSpec, 'objective'>,
  { objective, outside }: Pick<PrepareResult, 'objective' | 'outside'>,
): JudgedObjective[] {
  const others = Object.entries(outside).map(([name, plan]) => ({ scorer: name, plan }));
  return [{ scorer, plan: objective }, ...others];
}
