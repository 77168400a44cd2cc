/**
 * Why evaluations of a search failed.
 */
import { and, count, desc, eq, isNull } from 'drizzle-orm';
import type { Store } from './open-store.js';
import { candidates, evaluations, prompts } from './schema.js';

/** Maximum number of reasons to list. */
const MAX_REASONS = 3;
/** Letters of a prompt that are shown. */
const MAX_TEXT = 60;

/**
 * The most frequent reasons first, as in `the scorer "s" gave x = NaN (8 evaluations; for example ...)`, with a prompt, a
 * seed and coefficients; empty if nothing failed.
 */
export function failureReasons(store: Store, searchId: string): string[] {
  const times = count();
  const rows = store
    .select({ reason: evaluations.reason, times })
    .from(evaluations)
    .where(and(eq(evaluations.searchId, searchId), eq(evaluations.status, 'failed')))
    .groupBy(evaluations.reason)
    .orderBy(desc(times), evaluations.reason)
    .limit(MAX_REASONS)
    .all();
  return rows.map(({ reason, times: evaluationsOf }) => {
    const many = `${evaluationsOf} ${evaluationsOf === 1 ? 'evaluation' : 'evaluations'}`;
    return `${reason ?? 'unknown'} (${many}; for example ${exampleOf(store, searchId, reason)})`;
  });
}

/** Prompt, seed and coefficients of one evaluation that failed for this reason. */
function exampleOf(store: Store, searchId: string, reason: string | null): string {
  const why = reason === null ? isNull(evaluations.reason) : eq(evaluations.reason, reason);
  const { text, seed, sample, noise } = store
    .select({ text: prompts.text, seed: evaluations.seed, sample: candidates.sample, noise: candidates.noise })
    .from(evaluations)
    .innerJoin(prompts, eq(prompts.id, evaluations.promptId))
    .innerJoin(candidates, eq(candidates.id, evaluations.candidateId))
    .where(and(eq(evaluations.searchId, searchId), eq(evaluations.status, 'failed'), why))
    .orderBy(evaluations.key)
    .limit(1)
    .get()!;
  const numbers = (json: string): string => (JSON.parse(json) as number[]).map((c) => Number(c.toFixed(4))).join(', ');
  const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 3)}...` : text;
  return `"${shown}", seed ${seed}, c^x ${numbers(sample)}, c^eps ${numbers(noise)}`;
}
