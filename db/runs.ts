/**
 * Runs: evaluations and studies, with their specs and results.
 */
import { and, desc, eq, sql } from 'drizzle-orm';
import { holm } from '../metrics/statistics/holm.js';
import type { FinishEvaluateRequest, OpenRunRequest } from '../contract/evaluate-payloads.js';
import type { EvaluateResult } from '../contract/evaluate-spec.js';
import type { FinishGateRequest } from '../contract/gate-payloads.js';
import type { GateResult } from '../contract/gate-result.js';
import type { Store } from './open-store.js';
import { readResult } from './stored-result.js';
import { now, runs } from './schema.js';

/** How a run ended. */
export type RunEnd =
  | { readonly status: 'finished'; readonly result: unknown }
  | { readonly status: 'failed' | 'cancelled'; readonly message: string };

/** A run as it is stored. */
export interface StoredRun {
  readonly id: string;
  readonly kind: 'evaluate' | 'study' | 'gate';
  readonly name: string;
  readonly status: string;
  readonly message: string | null;
  readonly spec: unknown;
  readonly result: unknown;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Stores that a run starts or continues; it keeps its table until the next one is written. Safe to repeat. */
export function openRun(store: Store, { id, kind, name, spec }: OpenRunRequest): void {
  const about = { kind, name, spec: JSON.stringify(spec), status: 'running' as const, message: null };
  store
    .insert(runs)
    .values({ id, ...about })
    .onConflictDoUpdate({ target: runs.id, set: { ...about, updatedAt: now } })
    .run();
}

/** Stores the end of a run; a run that failed or was cancelled keeps its previous table. */
export function closeRun(store: Store, id: string, end: RunEnd): void {
  const set =
    end.status === 'finished'
      ? { status: end.status, result: JSON.stringify(end.result), message: null }
      : { status: end.status, message: end.message };
  store
    .update(runs)
    .set({ ...set, updatedAt: now })
    .where(eq(runs.id, id))
    .run();
}

/** Shows whether a run is paused. One that has ended stays as it is; the moment since when it runs does too. */
export function setRunPaused(store: Store, id: string, paused: boolean): void {
  const [from, to] = paused ? (['running', 'paused'] as const) : (['paused', 'running'] as const);
  store
    .update(runs)
    .set({ status: to })
    .where(and(eq(runs.id, id), eq(runs.status, from)))
    .run();
}

/** Completes an evaluation with its duration and Holm's correction over its rows; stores and returns it. */
export function finishEvaluate(store: Store, { result, pValues }: FinishEvaluateRequest): EvaluateResult {
  const compared = pValues.flatMap((p, i) => (p === null ? [] : [{ p, i }]));
  const adjusted = holm(compared.map(({ p }) => p));
  const pHolm = new Map(compared.map(({ i }, at) => [i, adjusted[at]!]));
  const complete: EvaluateResult = {
    ...result,
    rows: result.rows.map((row, i) => ({ ...row, pHolm: pHolm.get(i) ?? null })),
    seconds: secondsSince(store, result.evaluateId),
  };
  closeRun(store, result.evaluateId, { status: 'finished', result: complete });
  return complete;
}

/** Completes a gate with its duration; stores and returns it. */
export function finishGate(store: Store, { result }: FinishGateRequest): GateResult {
  const complete: GateResult = { ...result, seconds: secondsSince(store, result.gateId) };
  closeRun(store, result.gateId, { status: 'finished', result: complete });
  return complete;
}

/** Seconds since a run was opened, which was the last change. */
function secondsSince(store: Store, id: string): number {
  const since = store
    .select({ seconds: sql<number>`(julianday('now') - julianday(${runs.updatedAt})) * 86400` })
    .from(runs)
    .where(eq(runs.id, id))
    .get();
  return Math.max(0, since?.seconds ?? 0);
}

/** One run, or undefined. */
export function findRun(store: Store, id: string): StoredRun | undefined {
  const row = store.select().from(runs).where(eq(runs.id, id)).get();
  return row === undefined
    ? undefined
    : {
        ...row,
        spec: JSON.parse(row.spec) as unknown,
        result: row.result === null ? null : readResult<unknown>(row.result),
      };
}

/** Every run, the latest first, without spec and result. */
export function listRuns(store: Store): Pick<StoredRun, 'id' | 'kind' | 'name' | 'status' | 'updatedAt'>[] {
  return store
    .select({ id: runs.id, kind: runs.kind, name: runs.name, status: runs.status, updatedAt: runs.updatedAt })
    .from(runs)
    .orderBy(desc(runs.createdAt), desc(runs.id))
    .all();
}
