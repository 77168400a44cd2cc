/**
 * Rows of searches: opened once and closed once; both are safe to repeat.
 */
import { and, desc, eq, getTableColumns } from 'drizzle-orm';
import { canonicalJson } from '../contract/canonical-json.js';
import { QschedError } from '../contract/errors.js';
import { plainOpening, type Opening } from '../contract/opening.js';
import type { OpenRequest, Stage } from '../contract/payloads.js';
import type { SearchResult } from '../contract/search-result.js';
import { scorersOf } from '../contract/objective-plan.js';
import type { SearchSpec } from '../contract/search-spec.js';
import { completeStored } from '../contract/spec-defaults.js';
import { promptId } from './keys.js';
import type { Store } from './open-store.js';
import { liftStop } from './steering.js';
import { readResult } from './stored-result.js';
import { contexts, now, prompts, searchContexts, searchPrompts, searches, trials } from './schema.js';

const STAGES: readonly Stage[] = ['calibration', 'select', 'confirm'];

/**
 * Writes the search with its provenance and prompts. Safe to repeat. A search that is stored already continues with the
 * new budget and the new select and confirm prompts, and keeps its result until the next one is written.
 *
 * @returns what was settled when it was opened first, which holds
 * @throws QschedError (usage) if it has trials that the new spec, files or arithmetic would not have produced
 */
export function openSearch(store: Store, request: OpenRequest): Opening {
  const { searchId, spec } = request;
  return store.transaction((tx) => {
    const before = refuseOther(tx, request);
    if (before !== null) liftStop(tx, searchId, before, spec.optimizer.budget);
    const opening = heldOpening(tx, searchId) ?? request.opening;
    for (const { id, model, precision, scorer, provenance } of request.contexts) {
      tx.insert(contexts)
        .values({ id, model, precision, scorer, provenance: JSON.stringify(provenance) })
        .onConflictDoNothing()
        .run();
    }
    const about = {
      model: spec.model,
      precision: spec.precision,
      steps: spec.scheduler.steps,
      optimizer: spec.optimizer.type,
      spec: JSON.stringify(spec),
      opening: JSON.stringify(opening),
      status: 'running' as const,
    };
    tx.insert(searches)
      .values({ id: searchId, ...about })
      .onConflictDoUpdate({ target: searches.id, set: { ...about, message: null, updatedAt: now } })
      .run();
    tx.delete(searchContexts).where(eq(searchContexts.searchId, searchId)).run();
    for (const { id } of request.contexts) {
      tx.insert(searchContexts).values({ searchId, contextId: id }).onConflictDoNothing().run();
    }
    tx.delete(searchPrompts).where(eq(searchPrompts.searchId, searchId)).run();
    for (const split of STAGES) {
      promptIdsOf(request, split).forEach((id, position) => {
        const text = request.texts[split][position]!;
        tx.insert(prompts).values({ id, text }).onConflictDoNothing().run();
        tx.insert(searchPrompts).values({ searchId, split, position, promptId: id }).run();
      });
    }
    return opening;
  });
}

/**
 * What was settled when a search was opened first.
 *
 * @returns null as long as the search has no trials: it is settled when it is opened again
 */
export function heldOpening(reader: Reader, searchId: string): Opening | null {
  const stored = reader
    .select({ opening: searches.opening, spec: searches.spec })
    .from(searches)
    .where(eq(searches.id, searchId))
    .get();
  if (stored === undefined || !isCalibrated(reader, searchId)) return null;
  if (stored.opening !== null) return JSON.parse(stored.opening) as Opening;
  return plainOpening(completeStored(stored.spec).optimizer.budget);
}

/** Whether a search has calibration trials. */
function isCalibrated(reader: Reader, searchId: string): boolean {
  const own = and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration'));
  return reader.select({ number: trials.number }).from(trials).where(own).limit(1).get() !== undefined;
}

const promptIdsOf = ({ texts, nouns }: Pick<OpenRequest, 'texts' | 'nouns'>, split: Stage): string[] =>
  texts[split].map((text, i) => promptId(text, nouns?.[split][i] ?? null));

type Reader = Pick<Store, 'select'>;

/** What determines the candidates and scores of the calibration; the budget may grow. */
function decisive(spec: SearchSpec): Record<string, unknown> {
  const { budget: _, ...optimizer } = spec.optimizer;
  return {
    model: spec.model,
    precision: spec.precision,
    scheduler: spec.scheduler,
    optimizer,
    coefficients: spec.coefficients,
    objective: spec.objective,
    prompts: spec.prompts,
    racing: spec.racing,
    prior: spec.prior,
    start: spec.start,
  };
}

/**
 * Candidates and scores stored for another spec must not be used for this one.
 *
 * @returns the budget until now; null for a search without calibration trials
 */
function refuseOther(reader: Reader, request: OpenRequest): number | null {
  const { searchId, spec, objective, contexts: given } = request;
  const stored = reader.select({ spec: searches.spec }).from(searches).where(eq(searches.id, searchId)).get();
  if (!stored || !isCalibrated(reader, searchId)) return null;
  const refuse = (what: string) =>
    new QschedError(
      'usage',
      `The search "${searchId}" is in the database already, with ${what}.`,
      'Start a search under another id; stored scores of the same images are reused.',
    );
  const before = completeStored(stored.spec);
  const [old, fresh] = [decisive(before), decisive(spec)];
  const field = Object.keys(fresh).find((key) => canonicalJson(old[key]) !== canonicalJson(fresh[key]));
  if (field !== undefined) throw refuse(`different ${field}: ${canonicalJson(old[field])}`);
  if (spec.optimizer.budget < before.optimizer.budget) throw refuse(`a larger budget: ${before.optimizer.budget}`);
  const known = reader
    .select({ id: searchPrompts.promptId })
    .from(searchPrompts)
    .where(and(eq(searchPrompts.searchId, searchId), eq(searchPrompts.split, 'calibration')))
    .orderBy(searchPrompts.position)
    .all();
  if (known.map(({ id }) => id).join() !== promptIdsOf(request, 'calibration').join()) {
    throw refuse('different calibration prompts');
  }
  const used = reader
    .select({ id: contexts.id, scorer: contexts.scorer, precision: contexts.precision })
    .from(searchContexts)
    .innerJoin(contexts, eq(contexts.id, searchContexts.contextId))
    .where(eq(searchContexts.searchId, searchId))
    .all();
  const idOf = (list: readonly { id: string; scorer: string; precision: string }[], scorer: string) =>
    list.find((one) => one.scorer === scorer && one.precision === spec.precision)?.id;
  const changed = scorersOf(objective).some(
    (scorer) => idOf(used, scorer) !== undefined && idOf(used, scorer) !== idOf(given, scorer),
  );
  if (changed) throw refuse('different model files, another scorer version, or arithmetic of another kind of machine');
  return before.optimizer.budget;
}

/** Stores the end of a search; a search that failed or was cancelled keeps its previous result. */
export function closeSearch(
  store: Store,
  searchId: string,
  end: { status: 'finished'; result: SearchResult } | { status: 'failed' | 'cancelled'; message: string },
): void {
  const set =
    end.status === 'finished'
      ? {
          status: end.status,
          result: JSON.stringify(end.result),
          recommend: end.result.heldOut.recommend,
          message: null,
          finishedAt: now,
          updatedAt: now,
        }
      : { status: end.status, message: end.message, updatedAt: now };
  store.update(searches).set(set).where(eq(searches.id, searchId)).run();
}

/** One stored search, or undefined. */
export function findSearch(store: Store, searchId: string) {
  // Of a database that is read without migrating it: it may lack what later versions added.
  const { opening: _, ...columns } = getTableColumns(searches);
  const row = store.select(columns).from(searches).where(eq(searches.id, searchId)).get();
  if (!row) return undefined;
  return {
    ...row,
    spec: completeStored(row.spec),
    result: row.result === null ? null : readResult<SearchResult>(row.result),
  };
}

/** Every search, the latest first. */
export function listSearches(
  store: Store,
): { id: string; model: string; precision: string; status: string; updatedAt: string }[] {
  return store
    .select({
      id: searches.id,
      model: searches.model,
      precision: searches.precision,
      status: searches.status,
      updatedAt: searches.updatedAt,
    })
    .from(searches)
    .orderBy(desc(searches.createdAt), desc(searches.id))
    .all();
}

/** Scorer -> context id of a search, at one precision. */
export function searchContextIds(store: Store, searchId: string, precision: string): Record<string, string> {
  const rows = store
    .select({ scorer: contexts.scorer, id: contexts.id })
    .from(searchContexts)
    .innerJoin(contexts, eq(contexts.id, searchContexts.contextId))
    .where(and(eq(searchContexts.searchId, searchId), eq(contexts.precision, precision)))
    .all();
  return Object.fromEntries(rows.map(({ scorer, id }) => [scorer, id]));
}

/** Whether anything was ever scored with a network. */
export const hasContexts = (store: Store, model: string, precision: string): boolean =>
  store
    .select({ id: contexts.id })
    .from(contexts)
    .where(and(eq(contexts.model, model), eq(contexts.precision, precision)))
    .limit(1)
    .get() !== undefined;
