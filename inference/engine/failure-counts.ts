/**
 * Failures as results tell them.
 */

/** Reasons that a result contains. */
const MAX_REASONS = 5;

/** Failures by reason, the first few. */
export function countReasons(failed: Iterable<{ readonly reason: string }>): { reason: string; count: number }[] {
  const reasons = new Map<string, number>();
  for (const { reason } of failed) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return [...reasons].slice(0, MAX_REASONS).map(([reason, count]) => ({ reason, count }));
}
