/**
 * Evaluations of one candidate on one split: which are known, and their terms in order.
 */
import type { BatchReference } from '../contract/payloads.js';
import { statement } from './prepared.js';
import type { Store } from './open-store.js';

/** One evaluation: the terms of all requested scorers, a failure, or nothing yet. */
export type Known =
  | { readonly status: 'ok'; readonly terms: Readonly<Record<string, Readonly<Record<string, number>>>> }
  | { readonly status: 'failed'; readonly reason: string }
  | undefined;

const SPLIT_PROMPTS = `
  select prompt_id as id from search_prompts where search_id = @searchId and split = @split order by position`;

/** Prompt ids of a search's split, in order. */
export const splitPrompts = (store: Store, searchId: string, split: BatchReference['split']): string[] =>
  statement<{ searchId: string; split: string }, { id: string }>(store, SPLIT_PROMPTS)
    .all({ searchId, split })
    .map(({ id }) => id);

interface Row {
  readonly promptId: string;
  readonly seed: number;
  readonly status: 'ok' | 'failed';
  readonly reason: string | null;
  readonly terms: string | null;
}

const EVALUATIONS_OF = `
  select prompt_id as promptId, seed, status, reason, terms from evaluations
  where context_id = @contextId and candidate_id = @candidate`;

/**
 * The evaluations of a candidate, at index prompt * seeds + seed. An evaluation is known once every scorer in
 * `contexts` has it, and failed if any of them failed.
 */
export function knownEvaluations(
  store: Store,
  contexts: Readonly<Record<string, string>>,
  candidate: string,
  promptIds: readonly string[],
  seeds: readonly number[],
): Known[] {
  const byScorer = Object.entries(contexts).map(([scorer, contextId]) => {
    const rows = statement<{ contextId: string; candidate: string }, Row>(store, EVALUATIONS_OF);
    return {
      scorer,
      rows: new Map(rows.all({ contextId, candidate }).map((row) => [`${row.promptId}|${row.seed}`, row])),
    };
  });
  if (byScorer.some(({ rows }) => rows.size === 0)) return promptIds.flatMap(() => seeds.map(() => undefined));
  return promptIds.flatMap((promptId) =>
    seeds.map((seed) => join(byScorer.map(({ scorer, rows }) => [scorer, rows.get(`${promptId}|${seed}`)]))),
  );
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

/** Evaluations of a candidate in one context, of any split and search: answered by the index alone. */
const AT_MOST_KNOWN = `
  select count(*) as known from evaluations where context_id = @contextId and candidate_id = @candidate`;

/** Those of one split. */
const KNOWN = `
  select count(*) as known from evaluations
  where context_id = @contextId and candidate_id = @candidate
    and prompt_id in (select prompt_id from search_prompts where search_id = @searchId and split = @split)
    and seed in (select value from json_each(@seeds))`;

/**
 * A check whether all evaluations of a candidate on a batch's split are stored, failed ones included. It reads no
 * terms, so that it may be made for every piece of a trial.
 */
export function completeness(
  store: Store,
  { searchId, split, seeds, contexts }: BatchReference,
  promptIds: readonly string[],
): (candidate: string) => boolean {
  const wanted = new Set(promptIds).size * new Set(seeds).size;
  const contextIds = Object.values(contexts);
  const atMost = statement<object, { known: number }>(store, AT_MOST_KNOWN);
  const exactly = statement<object, { known: number }>(store, KNOWN);
  const about = { searchId, split, seeds: JSON.stringify(seeds) };
  return (candidate) =>
    contextIds.every((contextId) => atMost.get({ contextId, candidate })!.known >= wanted) &&
    contextIds.every((contextId) => exactly.get({ ...about, contextId, candidate })!.known >= wanted);
}
