/**
 * Schedules: steps are stored once by content, with all their origins.
 */
import { and, desc, eq, like, sql } from 'drizzle-orm';
import { canonicalJson } from '../contract/canonical-json.js';
import type { FitChoice } from '../contract/fit-payloads.js';
import { samePipeline } from '../contract/pipeline-choice.js';
import type { NetworkChoice } from '../contract/prepared-network.js';
import type { SearchResult } from '../contract/search-result.js';
import { FusedDocument, scaleFused, SCHEDULE_FORMAT, type CompleteSchedule } from '../contract/schedule-document.js';
import { completeStored } from '../contract/spec-defaults.js';
import { scheduleId } from './keys.js';
import type { Store } from './open-store.js';
import { differingField, schedulerFields } from './same-scheduler.js';
import { contexts, now, scheduleOrigins, schedules, searchContexts, searches } from './schema.js';

/** An origin of a schedule. */
export interface ScheduleOrigin extends Pick<CompleteSchedule, 'kind' | 'model' | 'precision' | 'searchId'> {
  /** When it was last stored for this origin. */
  readonly usedAt: string;
}

/** A stored schedule. */
export interface StoredSchedule {
  readonly id: string;
  readonly createdAt: string;
  /** The document of its first origin. */
  readonly document: CompleteSchedule;
  /** The latest first. */
  readonly origins: readonly ScheduleOrigin[];
}

/**
 * Stores a schedule. Steps that are stored already are left as they are; the origin is added, and becomes the latest.
 *
 * @returns `added`: whether the steps are new
 */
export function storeSchedule(store: Store, document: CompleteSchedule): { id: string; added: boolean } {
  const id = scheduleId(document.fused);
  const { kind, model, precision, pipeline, searchId: named, scheduler } = document;
  const known =
    named !== undefined && store.select({ id: searches.id }).from(searches).where(eq(searches.id, named)).get();
  const text = JSON.stringify(document);
  const added = store.transaction((tx) => {
    const { changes } = tx
      .insert(schedules)
      .values({
        id,
        kind,
        scheduler: scheduler.type,
        steps: scheduler.steps,
        model: model ?? null,
        precision: precision ?? null,
        coefficients: JSON.stringify(document.coefficients),
        fused: JSON.stringify(document.fused),
        document: text,
        searchId: known ? named : null,
      })
      .onConflictDoNothing()
      .run();
    const origin = canonicalJson({
      kind,
      model,
      precision,
      ...(pipeline === undefined ? {} : { pipeline }),
      scheduler: schedulerFields(scheduler),
      searchId: named,
    });
    const same = and(eq(scheduleOrigins.scheduleId, id), eq(scheduleOrigins.origin, origin));
    const before = tx.select({ createdAt: scheduleOrigins.createdAt }).from(scheduleOrigins).where(same).get();
    // Deleted and inserted again, so that rows stored within one millisecond keep their order.
    tx.delete(scheduleOrigins).where(same).run();
    const about = { scheduleId: id, origin, kind, searchId: named ?? null, document: text };
    tx.insert(scheduleOrigins)
      .values({ ...about, createdAt: before?.createdAt ?? now })
      .run();
    return changes > 0;
  });
  return { id, added };
}

/** Every schedule, the most recently stored first. */
export function listSchedules(store: Store): StoredSchedule[] {
  const order = new Map<string, number>();
  for (const { id } of originsOf(store, undefined)) if (!order.has(id)) order.set(id, order.size);
  const rows = store.select().from(schedules).all();
  return rows
    .map((row) => asStored(store, row))
    .sort((a, b) => (order.get(a.id) ?? order.size) - (order.get(b.id) ?? order.size));
}

/** Schedules whose ids start with `prefix`. */
export function findSchedules(store: Store, prefix: string): StoredSchedule[] {
  if (!/^[0-9a-f]+$/.test(prefix)) return [];
  const rows = store
    .select()
    .from(schedules)
    .where(like(schedules.id, `${prefix}%`))
    .orderBy(schedules.id)
    .all();
  return rows.map((row) => asStored(store, row));
}

/** The fit of one method that was stored most recently for a network and scheduler. */
export function latestFit(
  store: Store,
  method: FitChoice['method'],
  network: NetworkChoice,
): { id: string; document: CompleteSchedule } | undefined {
  return originsOf(store, eq(scheduleOrigins.kind, method)).find(
    ({ document: { model, precision, scheduler, pipeline = {} } }) =>
      model === network.model &&
      precision === network.precision &&
      samePipeline(pipeline, network) &&
      differingField(scheduler, network.scheduler) === undefined,
  );
}

/** The id of the schedule of a search's finalist; undefined if it is not stored. */
export function scheduleOfSearch(store: Store, searchId: string): string | undefined {
  return originsOf(store, and(eq(scheduleOrigins.searchId, searchId), eq(scheduleOrigins.kind, 'q-sched')))[0]?.id;
}

/** Origins with their documents, the latest first. */
function originsOf(
  store: Store,
  condition: ReturnType<typeof and>,
): { id: string; usedAt: string; document: CompleteSchedule }[] {
  return store
    .select({ id: scheduleOrigins.scheduleId, usedAt: scheduleOrigins.usedAt, document: scheduleOrigins.document })
    .from(scheduleOrigins)
    .where(condition)
    .orderBy(desc(scheduleOrigins.usedAt), desc(sql`${scheduleOrigins}.rowid`))
    .all()
    .map(({ document, ...row }) => ({ ...row, document: JSON.parse(document) as CompleteSchedule }));
}

function asStored(
  store: Store,
  { id, createdAt, document }: { id: string; createdAt: string; document: string },
): StoredSchedule {
  const origins = originsOf(store, eq(scheduleOrigins.scheduleId, id)).map(
    ({ usedAt, document: { kind, model, precision, searchId } }) => ({ kind, model, precision, searchId, usedAt }),
  );
  return { id, createdAt, document: JSON.parse(document) as CompleteSchedule, origins };
}

/**
 * Stores the schedules of the baseline and the finalist of a finished search. The scheduler's steps without
 * coefficients come from the provenance of its contexts.
 */
export function storeSearchSchedules(
  store: Store,
  result: Pick<SearchResult, 'searchId' | 'finalist' | 'identity' | 'heldOut'>,
): void {
  const { searchId } = result;
  const row = store.select({ spec: searches.spec }).from(searches).where(eq(searches.id, searchId)).get();
  if (!row) return;
  const spec = completeStored(row.spec);
  const context = store
    .select({ provenance: contexts.provenance })
    .from(searchContexts)
    .innerJoin(contexts, eq(contexts.id, searchContexts.contextId))
    .where(and(eq(searchContexts.searchId, searchId), eq(contexts.precision, spec.precision)))
    .limit(1)
    .get();
  const read = FusedDocument.safeParse(
    context === undefined ? undefined : (JSON.parse(context.provenance) as { schedule?: unknown }).schedule,
  );
  if (!read.success) return;
  const identity = read.data;
  const about = {
    format: SCHEDULE_FORMAT,
    model: spec.model,
    precision: spec.precision,
    searchId,
    scheduler: spec.scheduler,
    timesteps: identity.steps.map(({ timestep }) => timestep),
    identity,
  } as const;
  storeSchedule(store, {
    ...about,
    kind: 'identity',
    which: 'identity',
    coefficients: result.identity.coefficients,
    fused: identity,
  });
  // Where no candidate keeps the constraints, the finalist is the baseline itself.
  if (canonicalJson(result.finalist) === canonicalJson(result.identity.coefficients)) return;
  storeSchedule(store, {
    ...about,
    kind: 'q-sched',
    which: 'finalist',
    coefficients: result.finalist,
    fused: scaleFused(identity, result.finalist),
    heldOut: result.heldOut,
  });
}
