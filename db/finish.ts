/**
 * The end of a search: its result is completed with what the database counts, and stored.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { FinishRequest } from '../contract/payloads.js';
import type { ScoredCoefficients, SearchResult } from '../contract/search-result.js';
import type { Store } from './open-store.js';
import { storePromptScores } from './paired-scores.js';
import { storeSearchSchedules } from './schedules.js';
import { trials } from './schema.js';
import { closeSearch } from './searches.js';

/** Completes, stores and returns the result, and stores its schedules and its scores per held-out prompt. */
export function finishSearch(store: Store, { result, judged }: FinishRequest): SearchResult {
  const { searchId } = result;
  const withTerms = (scored: Omit<ScoredCoefficients, 'terms'>): ScoredCoefficients => {
    const row = store
      .select({ tc: trials.tc, iq: trials.iq })
      .from(trials)
      .where(and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration'), eq(trials.number, scored.trial)))
      .get();
    return { ...scored, terms: { tc: row?.tc ?? null, iq: row?.iq ?? null } };
  };
  const complete: SearchResult = {
    ...result,
    best: withTerms(result.best),
    identity: withTerms(result.identity),
    ...countEvaluations(store, searchId),
  };
  store.transaction(() => {
    closeSearch(store, searchId, { status: 'finished', result: complete });
    storeSearchSchedules(store, complete);
    if (judged !== undefined) storePromptScores(store, { ...judged, searchId });
  });
  return complete;
}

/**
 * Number of evaluations that a search uses, and how many of them another search had made before.
 *
 * A candidate x prompt x seed of one network counts once, however many scorers scored the image; it counts as reused
 * if this search scored it with none of its scorers. The `control` stage runs another network than the other stages;
 * calibration and selection for repair run both.
 * `cross join` fixes the join order, so that each candidate's rows come from the index by context and candidate.
 */
export function countEvaluations(store: Store, searchId: string): { evaluations: number; reused: number } {
  const row = store.get<{ evaluations: number; reused: number }>(sql`
    with own as materialized (
      select c.id as context_id, c.precision as network, c.precision = s.precision as quantised,
             coalesce(json_extract(s.spec, '$.objective.goal') = 'repair', 0) as repairs
      from search_contexts sc join contexts c on c.id = sc.context_id join searches s on s.id = sc.search_id
      where sc.search_id = ${searchId}),
    used as materialized (
      select distinct t.candidate_id, case t.stage when 'control' then 'confirm' else t.stage end as split,
             o.context_id, o.network
      from trials t cross join own o
      where t.search_id = ${searchId}
        and (o.quantised = (t.stage <> 'control') or not exists (select 1 from own where not quantised)
             or (o.repairs and t.stage in ('calibration', 'select')))),
    wanted as materialized (
      select sp.split, sp.prompt_id, seed.value as seed
      from search_prompts sp join searches s on s.id = sp.search_id
      join json_each(json_extract(s.spec, '$.' || case sp.split when 'calibration' then 'prompts' else sp.split end || '.seeds')) seed
      where sp.search_id = ${searchId})
    select count(*) as evaluations, coalesce(sum(reused), 0) as reused from (
      select min(e.search_id <> ${searchId}) as reused
      from used u
      cross join evaluations e on e.context_id = u.context_id and e.candidate_id = u.candidate_id
      cross join wanted w on w.split = u.split and w.prompt_id = e.prompt_id and w.seed = e.seed
      group by u.network, u.candidate_id, e.prompt_id, e.seed)`);
  return { evaluations: row?.evaluations ?? 0, reused: row?.reused ?? 0 };
}
