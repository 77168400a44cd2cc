/**
 * Schedules as things of their own: stored once by content, whoever made them.
 */
import { and, desc, eq, like } from 'drizzle-orm';
import type { SearchResult } from '../spec/payloads.js';
import { FusedDocument, scaleFused, SCHEDULE_FORMAT, type CompleteSchedule } from '../spec/schedule-document.js';
import type { SearchSpec } from '../spec/search-spec.js';
import { scheduleId } from './keys.js';
import type { Store } from './open-store.js';
import { contexts, schedules, searchContexts, searches } from './schema.js';

/** A stored schedule. */
export interface StoredSchedule {
  readonly id: string;
  readonly createdAt: string;
  readonly document: CompleteSchedule;
}

/** Stores a schedule; one with the same steps is left as it is. */
export function storeSchedule(store: Store, document: CompleteSchedule): { id: string; added: boolean } {
  const id = scheduleId(document.fused);
  const searchId = document.searchId !== undefined && store.select({ id: searches.id }).from(searches).where(eq(searches.id, document.searchId)).get() ? document.searchId : null;
  const { changes } = store.insert(schedules).values({
    id, kind: document.kind, scheduler: document.scheduler.type, steps: document.scheduler.steps, model: document.model ?? null, precision: document.precision ?? null,
    coefficients: JSON.stringify(document.coefficients), fused: JSON.stringify(document.fused), document: JSON.stringify(document), searchId,
  }).onConflictDoNothing().run();
  return { id, added: changes > 0 };
}

/** Every schedule, the latest first. */
export function listSchedules(store: Store): StoredSchedule[] {
  return store.select().from(schedules).orderBy(desc(schedules.createdAt), schedules.id).all().map(asStored);
}

/** Schedules whose id begins with `prefix`. */
export function findSchedules(store: Store, prefix: string): StoredSchedule[] {
  if (!/^[0-9a-f]+$/.test(prefix)) return [];
  return store.select().from(schedules).where(like(schedules.id, `${prefix}%`)).orderBy(schedules.id).all().map(asStored);
}

function asStored({ id, createdAt, document }: { id: string; createdAt: string; document: string }): StoredSchedule {
  return { id, createdAt, document: JSON.parse(document) as CompleteSchedule };
}

/**
 * Stores the identity and the finalist of a finished search. The scheduler's steps without
 * coefficients are in the provenance of its contexts.
 */
export function storeSearchSchedules(store: Store, result: Pick<SearchResult, 'searchId' | 'finalist' | 'identity' | 'heldOut'>): void {
  const { searchId } = result;
  const row = store.select({ spec: searches.spec }).from(searches).where(eq(searches.id, searchId)).get();
  if (!row) return;
  const spec = JSON.parse(row.spec) as SearchSpec;
  const context = store.select({ provenance: contexts.provenance }).from(searchContexts).innerJoin(contexts, eq(contexts.id, searchContexts.contextId))
    .where(and(eq(searchContexts.searchId, searchId), eq(contexts.precision, spec.precision))).limit(1).get();
  const read = FusedDocument.safeParse(context === undefined ? undefined : (JSON.parse(context.provenance) as { schedule?: unknown }).schedule);
  if (!read.success) return;
  const identity = read.data;
  const about = { format: SCHEDULE_FORMAT, model: spec.model, precision: spec.precision, searchId, scheduler: spec.scheduler, timesteps: identity.steps.map(({ timestep }) => timestep), identity } as const;
  storeSchedule(store, { ...about, kind: 'identity', which: 'identity', coefficients: result.identity.coefficients, fused: identity });
  storeSchedule(store, { ...about, kind: 'q-sched', which: 'finalist', coefficients: result.finalist, fused: scaleFused(identity, result.finalist), heldOut: result.heldOut });
}
