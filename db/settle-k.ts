/**
 * The k of a search that settles it itself: computed once from the stored terms of its first candidates, then kept with
 * the search.
 */
import { and, asc, eq, inArray } from 'drizzle-orm';
import { QschedError } from '../contract/errors.js';
import type { Opening, Prior, SettledK } from '../contract/opening.js';
import type { ObjectivePlan } from '../contract/objective-plan.js';
import type { SettledObjective, SettleKRequest } from '../contract/payloads.js';
import { DEFAULT_K, type ObjectiveChoice, type SearchSpec } from '../contract/search-spec.js';
import { objectiveAt } from '../contract/settled-k.js';
import { equalSpread, planAtK } from '../metrics/objectives/equal-spread.js';
import { scoreOfTerms } from '../metrics/objectives/jaq.js';
import type { Store } from './open-store.js';
import { priorPoints } from './prior-points.js';
import { searches, trials } from './schema.js';

/**
 * Settles k, scores the calibration trials by it, and keeps it. Safe to repeat: a k that is stored holds.
 *
 * @returns the plans with this k, and the scores by it
 * @throws QschedError (failure) if the search is not open
 */
export function settleK(store: Store, { searchId, candidates, plans }: SettleKRequest): SettledObjective {
  const [{ type }] = plans as [ObjectivePlan];
  const calibration = and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration'));
  return store.transaction((tx) => {
    const opening = openingOf(tx, searchId);
    if (opening === null) throw new QschedError('failure', `The search "${searchId}" is not open.`);
    const scored = tx
      .select({ number: trials.number, status: trials.status, tc: trials.tc, iq: trials.iq })
      .from(trials)
      .where(and(calibration, inArray(trials.status, ['ok', 'raced'])))
      .orderBy(asc(trials.number))
      .all();
    const first = scored.filter(({ number, status }) => number > 0 && number <= candidates && status === 'ok');
    const k = opening.k ?? settled(equalSpread(first, type), first.length);
    const atK = plans.map((plan) => planAtK(plan, type, k.value));
    const prior = opening.prior === null ? null : priorAt(store, opening.prior, atK[0]!);
    const kept = { ...opening, prior: opening.k === undefined ? prior : opening.prior, k };
    tx.update(searches)
      .set({ opening: JSON.stringify(kept) })
      .where(eq(searches.id, searchId))
      .run();
    const scores = new Map<number, number>();
    for (const { number, ...terms } of scored) {
      const score = scoreOfTerms(atK[0]!, terms);
      scores.set(number, score);
      tx.update(trials)
        .set({ score })
        .where(and(calibration, eq(trials.number, number)))
        .run();
    }
    return {
      opening: kept,
      plans: atK,
      identityScore: scores.get(0) ?? null,
      scores: Array.from({ length: candidates }, (_, i) => scores.get(i + 1) ?? null),
    };
  });
}

const settled = (k: number | null, candidates: number): SettledK => ({
  value: k ?? DEFAULT_K,
  candidates,
  varied: k !== null,
});

/** The prior's scores by another k; as they are if the earlier search is gone. */
function priorAt(store: Store, prior: Prior, plan: ObjectivePlan): Prior {
  const points = priorPoints(store, prior.searchId, plan, prior.points[0]?.point.length ?? 0);
  return points.length === 0 ? prior : { ...prior, points };
}

function openingOf(reader: Pick<Store, 'select'>, searchId: string): Opening | null {
  const row = reader.select({ opening: searches.opening }).from(searches).where(eq(searches.id, searchId)).get();
  return row?.opening ? (JSON.parse(row.opening) as Opening) : null;
}

/** The objective of a stored search with the k that it uses. */
export function settledObjective(
  reader: Pick<Store, 'select'>,
  { id, spec }: { readonly id: string; readonly spec: SearchSpec },
): ObjectiveChoice {
  // A database of an older version, which has no openings, has no search that settles k either.
  const settledAt = spec.objective.k === 'auto' ? openingOf(reader, id)?.k : undefined;
  return objectiveAt(spec.objective, settledAt);
}
