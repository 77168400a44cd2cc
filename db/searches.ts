/**
 * Rows of searches: opened once, closed once, both safe to repeat.
 */
import { desc, eq, sql } from 'drizzle-orm';
import type { OpenRequest, SearchResult, Stage } from '../spec/payloads.js';
import type { SearchSpec } from '../spec/search-spec.js';
import { promptId } from './keys.js';
import type { Store } from './open-store.js';
import { contexts, prompts, searchContexts, searches, searchPrompts } from './schema.js';

const STAGES: readonly Stage[] = ['calibration', 'select', 'confirm'];

const now = sql`(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`;

/** Writes the search with its provenance and prompts; opening again leaves the rows as they are. */
export function openSearch(store: Store, request: OpenRequest): void {
  const { searchId, spec } = request;
  store.transaction((tx) => {
    for (const { id, model, precision, scorer, provenance } of request.contexts) {
      tx.insert(contexts).values({ id, model, precision, scorer, provenance: JSON.stringify(provenance) }).onConflictDoNothing().run();
    }
    tx.insert(searches)
      .values({ id: searchId, model: spec.model, precision: spec.precision, steps: spec.scheduler.steps, optimizer: spec.optimizer.type, spec: JSON.stringify(spec), status: 'running' })
      .onConflictDoUpdate({ target: searches.id, set: { status: 'running', message: null, recommend: null, result: null, spec: JSON.stringify(spec), optimizer: spec.optimizer.type, updatedAt: now } })
      .run();
    for (const { id } of request.contexts) tx.insert(searchContexts).values({ searchId, contextId: id }).onConflictDoNothing().run();
    for (const split of STAGES) {
      request.texts[split].forEach((text, position) => {
        const id = promptId(text);
        tx.insert(prompts).values({ id, text }).onConflictDoNothing().run();
        tx.insert(searchPrompts).values({ searchId, split, position, promptId: id }).onConflictDoNothing().run();
      });
    }
  });
}

/** Stores the end of a search. */
export function closeSearch(store: Store, searchId: string, end: { status: 'finished'; result: SearchResult } | { status: 'failed' | 'cancelled'; message: string }): void {
  const set = end.status === 'finished'
    ? { status: end.status, result: JSON.stringify(end.result), recommend: end.result.heldOut.recommend, message: null, updatedAt: now }
    : { status: end.status, message: end.message, updatedAt: now };
  store.update(searches).set(set).where(eq(searches.id, searchId)).run();
}

/** One search of the store, or undefined. */
export function findSearch(store: Store, searchId: string) {
  const row = store.select().from(searches).where(eq(searches.id, searchId)).get();
  if (!row) return undefined;
  return { ...row, spec: JSON.parse(row.spec) as SearchSpec, result: row.result === null ? null : (JSON.parse(row.result) as SearchResult) };
}

/** Every search, the latest first. */
export function listSearches(store: Store): { id: string; model: string; precision: string; status: string; updatedAt: string }[] {
  return store
    .select({ id: searches.id, model: searches.model, precision: searches.precision, status: searches.status, updatedAt: searches.updatedAt })
    .from(searches)
    .orderBy(desc(searches.createdAt), desc(searches.id))
    .all();
}
