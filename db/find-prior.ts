/**
 * The earlier search that a search starts from: the one that its spec names, or, with `auto`, a finished search of the same
 * model at another precision.
 */
import { and, desc, eq, ne } from 'drizzle-orm';
import { canonicalJson } from '../contract/canonical-json.js';
import { QschedError } from '../contract/errors.js';
import type { ObjectivePlan } from '../contract/objective-plan.js';
import type { Prior } from '../contract/opening.js';
import { samePipeline } from '../contract/pipeline-choice.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { completeStored } from '../contract/spec-defaults.js';
import { stepCount } from '../contract/step-count.js';
import { suggestion } from '../contract/suggestion.js';
import type { Store } from './open-store.js';
import { priorPoints } from './prior-points.js';
import { priorRefusal, type Earlier, type Starting } from './refuse-prior.js';
import { searches } from './schema.js';
import { findSearch, heldOpening, listSearches } from './searches.js';

/** The search that starts, with what decides which earlier ones are like it. */
export interface PriorRequest extends Starting {
  readonly searchId: string;
  readonly objective: ObjectivePlan;
  /** Numbers of a point. */
  readonly dimension: number;
  /** Precision of the full-precision network; its searches are used only if they are named. */
  readonly fullPrecision: string | null;
}

/**
 * Copies what a search starts from.
 *
 * @returns null if the spec asks for none, and for `auto` if there is none
 * @throws QschedError (usage) for a search that is named and cannot be used
 */
export function findPrior(store: Store, request: PriorRequest): Prior | null {
  const { prior } = request.spec;
  if (prior === 'none') return null;
  if (prior !== 'auto') return namedPrior(store, prior, request);
  for (const earlier of likelyPriors(store, request)) {
    const copied = copyOf(store, earlier, request);
    if (copied !== null) return copied;
  }
  return null;
}

/**
 * Refuses a prior that a spec names and that cannot be one; `none` and `auto` name none. A search that was opened before
 * keeps what it copied then.
 *
 * @throws QschedError (usage)
 */
export function checkPrior(store: Store, starting: Starting & { readonly searchId: string }): void {
  const earlier = checkPriorStored(store, starting.searchId, starting.spec);
  const refusal = earlier === null ? undefined : priorRefusal(store, earlier, starting);
  if (refusal !== undefined) throw refusal;
}

/** Only whether there is a finished search of that name: all that can be said of a spec that is not complete. */
export function checkPriorStored(store: Store, searchId: string, { prior }: Pick<SearchSpec, 'prior'>): Earlier | null {
  if (prior === 'none' || prior === 'auto' || heldOpening(store, searchId) !== null) return null;
  return requirePrior(store, prior, searchId);
}

function namedPrior(store: Store, id: string, request: PriorRequest): Prior {
  const earlier = requirePrior(store, id, request.searchId);
  const refusal = priorRefusal(store, earlier, request);
  if (refusal !== undefined) throw refusal;
  const copied = copyOf(store, earlier, request);
  if (copied !== null) return copied;
  throw new QschedError(
    'usage',
    `The prior "${id}" has no scored candidate.`,
    'Name another search, or leave the prior out with `prior: none` (--prior none).',
  );
}

/**
 * The finished search with this id.
 *
 * @param searchId the search that starts
 * @throws QschedError (usage) if there is none, or it has not finished
 */
function requirePrior(store: Store, id: string, searchId: string): Earlier {
  if (id === searchId) {
    throw new QschedError('usage', `The search "${id}" cannot be its own prior.`, 'Name another search.');
  }
  const found = findSearch(store, id);
  if (found === undefined) {
    const finished = listSearches(store).filter((one) => one.status === 'finished' && one.id !== searchId);
    throw new QschedError(
      'usage',
      `There is no search "${id}" to be the prior.`,
      finished.length === 0
        ? 'No search has finished yet. Leave the prior out.'
        : suggestion(
            id,
            finished.map((one) => one.id),
          ),
    );
  }
  if (found.status === 'finished') return found;
  throw new QschedError(
    'usage',
    `The prior "${id}" is ${found.status}: only a finished search can be a prior.`,
    `Finish it: npx qsched resume ${id}`,
  );
}

/**
 * Finished searches of the same model at another precision whose surface is that of this search: same pipeline, scheduler,
 * steps, coefficients and objective. The one with the most candidates first, then the latest. Searches of the
 * full-precision network, controls among them, are left out: by itself, a search knows nothing of full precision.
 */
export function likelyPriors(store: Store, request: Omit<PriorRequest, 'objective' | 'dimension'>): Earlier[] {
  const { searchId, spec, fullPrecision } = request;
  return store
    .select({ id: searches.id, precision: searches.precision, spec: searches.spec })
    .from(searches)
    .where(
      and(
        eq(searches.status, 'finished'),
        eq(searches.model, spec.model),
        ne(searches.precision, spec.precision),
        eq(searches.steps, spec.scheduler.steps),
        ne(searches.id, searchId),
      ),
    )
    .orderBy(desc(searches.finishedAt), desc(searches.id))
    .all()
    .filter(({ precision }) => precision !== fullPrecision)
    .map(({ id, spec: text }) => ({ id, spec: completeStored(text) }))
    .filter(
      (earlier) =>
        samePipeline(earlier.spec, spec) &&
        canonicalJson(earlier.spec.objective.k) === canonicalJson(spec.objective.k) &&
        priorRefusal(store, earlier, request) === undefined,
    )
    .sort((a, b) => b.spec.optimizer.budget - a.spec.optimizer.budget);
}

function copyOf(store: Store, { id, spec }: Earlier, { objective, dimension }: PriorRequest): Prior | null {
  const points = priorPoints(store, id, objective, dimension);
  if (points.length === 0) return null;
  return { searchId: id, network: `${spec.model} ${spec.precision}, ${stepCount(spec.scheduler.steps)}`, points };
}
