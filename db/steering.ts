/**
 * Changes to a search while it runs: stored before they take effect, and read when it is opened again.
 */
import { and, eq, inArray, max } from 'drizzle-orm';
import type {
  SettleSteeringRequest,
  SteeringRow,
  SteeringStep,
  SteerRequest,
  StoredSteering,
} from '../contract/steering.js';
import type { Store } from './open-store.js';
import { now, searches, steering, trials } from './schema.js';

type Reader = Pick<Store, 'select'>;

/** What was changed about a search, in its order, and how many candidates it has asked for. */
export function steeringOf(reader: Reader, searchId: string): StoredSteering {
  const rows = reader.select().from(steering).where(eq(steering.searchId, searchId)).orderBy(steering.sequence).all();
  const asked = reader
    .select({ number: max(trials.number) })
    .from(trials)
    .where(and(eq(trials.searchId, searchId), eq(trials.stage, 'calibration')))
    .get();
  return {
    rows: rows.map(({ sequence, kind, payload, after }) => {
      return { sequence, after, kind, ...(JSON.parse(payload) as object) } as SteeringRow;
    }),
    asked: asked?.number ?? 0,
  };
}

/** Stores a change that does not take effect yet; an extension changes the budget of the stored spec. Safe to repeat. */
export function addSteering(store: Store, { searchId, sequence, step }: SteerRequest): void {
  store.transaction((tx) => {
    tx.insert(steering)
      .values({ searchId, sequence, kind: step.kind, payload: payloadOf(step) })
      .onConflictDoNothing()
      .run();
    if (step.kind !== 'extend') return;
    const row = tx.select({ spec: searches.spec }).from(searches).where(eq(searches.id, searchId)).get();
    if (row === undefined) return;
    const spec = JSON.parse(row.spec) as { optimizer: object };
    const extended = JSON.stringify({ ...spec, optimizer: { ...spec.optimizer, budget: step.to } });
    tx.update(searches).set({ spec: extended, updatedAt: now }).where(eq(searches.id, searchId)).run();
  });
}

/** Stores after how many candidates changes take effect. Safe to repeat. */
export function settleSteering(store: Store, { searchId, sequences, after, cut }: SettleSteeringRequest): void {
  const payload = cut === undefined ? {} : { payload: payloadOf({ kind: 'stop', cut }) };
  store
    .update(steering)
    .set({ after, ...payload })
    .where(and(eq(steering.searchId, searchId), inArray(steering.sequence, [...sequences])))
    .run();
}

/**
 * A search that was stopped, and is opened again with a larger budget, continues where it was stopped.
 *
 * @param before its budget until now
 */
export function liftStop(store: Pick<Store, 'select' | 'insert'>, searchId: string, before: number, to: number): void {
  const { rows } = steeringOf(store, searchId);
  const last = rows.filter(({ kind }) => kind !== 'enqueue').at(-1);
  if (last?.kind !== 'stop' || to <= before) return;
  store
    .insert(steering)
    .values({
      searchId,
      sequence: rows.length + 1,
      kind: 'extend',
      payload: payloadOf({ kind: 'extend', from: before, to }),
      after: last.after,
    })
    .run();
}

/** Shows whether a search is paused. A search that has ended stays as it is. */
export function setPaused(store: Store, searchId: string, paused: boolean): void {
  const [from, to] = paused ? (['running', 'paused'] as const) : (['paused', 'running'] as const);
  store
    .update(searches)
    .set({ status: to, updatedAt: now })
    .where(and(eq(searches.id, searchId), eq(searches.status, from)))
    .run();
}

function payloadOf(step: SteeringStep): string {
  const { kind: _, ...payload } = step;
  return JSON.stringify(payload);
}
