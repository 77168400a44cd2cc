/**
 * The statements that run for every trial and evaluation, prepared once a database.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { Store } from './open-store.js';
import { candidates, evaluations, now, trials } from './schema.js';

const hole = (name: string) => sql.placeholder(name);
const sameTrial = and(
  eq(trials.searchId, hole('searchId')),
  eq(trials.stage, hole('stage')),
  eq(trials.number, hole('number')),
);

function prepare(store: Store) {
  const asked = {
    searchId: hole('searchId'),
    stage: hole('stage'),
    number: hole('number'),
    candidateId: hole('candidateId'),
    point: hole('point'),
    status: 'asked' as const,
  };
  return {
    addCandidate: store
      .insert(candidates)
      .values({ id: hole('id'), sample: hole('sample'), noise: hole('noise') })
      .onConflictDoNothing()
      .prepare(),
    /** A trial with another candidate is replaced; one with the same stays as it is. */
    putTrial: store
      .insert(trials)
      .values(asked)
      .onConflictDoUpdate({
        target: [trials.searchId, trials.stage, trials.number],
        set: {
          candidateId: sql`excluded.candidate_id`,
          point: sql`excluded.point`,
          status: 'asked',
          score: null,
          tc: null,
          iq: null,
        },
        setWhere: sql`${trials.candidateId} <> excluded.candidate_id`,
      })
      .prepare(),
    coefficientsOf: store
      .select({ sample: candidates.sample, noise: candidates.noise })
      .from(trials)
      .innerJoin(candidates, eq(candidates.id, trials.candidateId))
      .where(sameTrial)
      .prepare(),
    completeTrial: store
      .update(trials)
      .set({
        status: sql`${hole('status')}`,
        score: sql`${hole('score')}`,
        tc: sql`${hole('tc')}`,
        iq: sql`${hole('iq')}`,
        updatedAt: now,
      })
      .where(sameTrial)
      .prepare(),
    evaluationsOf: store
      .select({
        promptId: evaluations.promptId,
        seed: evaluations.seed,
        status: evaluations.status,
        reason: evaluations.reason,
        terms: evaluations.terms,
      })
      .from(evaluations)
      .where(and(eq(evaluations.contextId, hole('contextId')), eq(evaluations.candidateId, hole('candidateId'))))
      .prepare(),
    /** A failed row gives way to a new result; an ok row never changes. */
    addEvaluation: store
      .insert(evaluations)
      .values({
        key: hole('key'),
        contextId: hole('contextId'),
        candidateId: hole('candidateId'),
        promptId: hole('promptId'),
        seed: hole('seed'),
        status: hole('status'),
        reason: hole('reason'),
        terms: hole('terms'),
        searchId: hole('searchId'),
      })
      .onConflictDoUpdate({
        target: evaluations.key,
        set: {
          status: sql`excluded.status`,
          reason: sql`excluded.reason`,
          terms: sql`excluded.terms`,
          searchId: sql`excluded.search_id`,
        },
        setWhere: sql`${evaluations.status} = 'failed'`,
      })
      .prepare(),
  };
}

const prepared = new WeakMap<Store, ReturnType<typeof prepare>>();

/** The prepared statements of a database. */
export function statements(store: Store): ReturnType<typeof prepare> {
  const found = prepared.get(store);
  if (found) return found;
  const made = prepare(store);
  prepared.set(store, made);
  return made;
}
