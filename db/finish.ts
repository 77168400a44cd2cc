/**
 * The end of a search: what the store counts joins the result, and both are written.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { FinishRequest, ScoredCoefficients, SearchResult } from '../spec/payloads.js';
import type { Store } from './open-store.js';
import { trials } from './schema.js';
import { closeSearch } from './searches.js';

/** Completes, stores and returns the result. */
export function finishSearch(store: Store, { result }: FinishRequest): SearchResult {
  const withTerms = (scored: Omit<ScoredCoefficients, 'terms'>): ScoredCoefficients => {
    const row = store.select({ tc: trials.tc, iq: trials.iq }).from(trials)
      .where(and(eq(trials.searchId, result.searchId), eq(trials.stage, 'calibration'), eq(trials.number, scored.trial))).get();
    return { ...scored, terms: { tc: row?.tc ?? NaN, iq: row?.iq ?? NaN } };
  };
  const complete: SearchResult = { ...result, best: withTerms(result.best), identity: withTerms(result.identity), ...countEvaluations(store, result.searchId) };
  closeSearch(store, result.searchId, { status: 'finished', result: complete });
  return complete;
}

/**
 * Evaluations that a search uses, and how many of them another search had made before.
 * A candidate x prompt x seed counts once, however many scorers looked at the picture.
 */
export function countEvaluations(store: Store, searchId: string): { evaluations: number; reused: number } {
  const row = store.get<{ evaluations: number; reused: number }>(sql`
    with used as (
      select distinct t.candidate_id, sp.prompt_id, sp.split
      from trials t join search_prompts sp on sp.search_id = t.search_id
        and sp.split = case t.stage when 'control' then 'confirm' else t.stage end
      where t.search_id = ${searchId})
    select count(*) as evaluations, coalesce(sum(foreign_made), 0) as reused from (
      select e.context_id as c, max(e.search_id <> ${searchId}) as foreign_made
      from used u
      join evaluations e on e.candidate_id = u.candidate_id and e.prompt_id = u.prompt_id
      join contexts c on c.id = e.context_id
      join search_contexts sc on sc.context_id = e.context_id and sc.search_id = ${searchId}
      join searches s on s.id = ${searchId}
      join json_each(json_extract(s.spec, '$.' || case u.split when 'calibration' then 'prompts' else u.split end || '.seeds')) j on j.value = e.seed
      group by u.candidate_id, u.prompt_id, e.seed, c.precision)`);
  return { evaluations: row?.evaluations ?? 0, reused: row?.reused ?? 0 };
}
