/**
 * Evaluations of one candidate in one split: which are known, and their terms in order.
 */
import { and, asc, eq } from 'drizzle-orm';
import type { BatchReference } from '../contract/payloads.js';
import type { Store } from './open-store.js';
import { searchPrompts } from './schema.js';
import { statements } from './statements.js';

/** What one evaluation has: the terms of every scorer asked for, a failure, or nothing yet. */
export type Known =
  | { readonly status: 'ok'; readonly terms: Readonly<Record<string, Readonly<Record<string, number>>>> }
  | { readonly status: 'failed'; readonly reason: string }
  | undefined;

/** Prompt ids of a search's split, in order. */
export function splitPrompts(store: Store, searchId: string, split: BatchReference['split']): string[] {
  return store
    .select({ id: searchPrompts.promptId })
    .from(searchPrompts)
    .where(and(eq(searchPrompts.searchId, searchId), eq(searchPrompts.split, split)))
    .orderBy(asc(searchPrompts.position))
    .all()
    .map((row) => row.id);
}

/**
 * What is known of a candidate, at prompt * seeds + seed; an evaluation counts as known
 * when every scorer in `contexts` has it, and as failed when any of them failed.
 */
export function knownEvaluations(
  store: Store,
  contexts: Readonly<Record<string, string>>,
  candidateId: string,
  promptIds: readonly string[],
  seeds: readonly number[],
): Known[] {
  const byScorer = Object.entries(contexts).map(([scorer, contextId]) => {
    const rows = statements(store).evaluationsOf.all({ contextId, candidateId });
    return { scorer, rows: new Map(rows.map((row) => [`${row.promptId}|${row.seed}`, row])) };
  });
  const known: Known[] = [];
  for (const promptId of promptIds) {
    for (const seed of seeds) {
      known.push(join(byScorer.map(({ scorer, rows }) => [scorer, rows.get(`${promptId}|${seed}`)] as const)));
    }
  }
  return known;
}

interface Row {
  readonly status: 'ok' | 'failed';
  readonly reason: string | null;
  readonly terms: string | null;
}

function join(rows: readonly (readonly [string, Row | undefined])[]): Known {
  const terms: Record<string, Record<string, number>> = {};
  for (const [scorer, row] of rows) {
    if (row === undefined) return undefined;
    if (row.status === 'failed') return { status: 'failed', reason: row.reason ?? 'unknown' };
    terms[scorer] = JSON.parse(row.terms ?? '{}') as Record<string, number>;
  }
  return { status: 'ok', terms };
}
