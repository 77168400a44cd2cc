/**
 * The score of a search that maximises repair: what a candidate gains over the baseline on the quantised network, minus
 * what it gains on the full-precision one if that is above 0, on the same prompts and seeds.
 */
import { createObjective } from '../metrics/objectives/jaq.js';
import { QschedError } from '../contract/errors.js';
import type { BatchReference } from '../contract/payloads.js';
import { knownEvaluations, splitPrompts } from './evaluations.js';
import type { Store } from './open-store.js';
import { statement } from './prepared.js';

const BASELINE = `
  select candidate_id as id from trials where search_id = @searchId and stage = @stage and number = 0`;

/** Repair of a candidate whose score on the quantised network is `own`; null if an image failed on the full-precision one. */
export type RepairScore = (candidate: string, own: number) => number | null;

/**
 * Reads the full-precision network's scores, and the baseline's on both. The gains are differences of means over the
 * whole split, as in a verdict. The baseline is trial 0 of the stage, and is scored before other candidates are.
 *
 * @param full contexts of the full-precision network
 * @returns throws QschedError (failure) if the baseline has no score
 */
export function repairScores(
  store: Store,
  { searchId, stage, split, seeds, contexts, objective: plan }: BatchReference,
  full: BatchReference['contexts'],
): RepairScore {
  const objective = createObjective(plan);
  const promptIds = splitPrompts(store, searchId, split);
  const scoreIn = (network: BatchReference['contexts'], candidate: string): number | null => {
    const known = knownEvaluations(store, network, candidate, promptIds, seeds);
    const rows = known.flatMap((one) => (one?.status === 'ok' ? [one.terms] : []));
    return rows.length < known.length || rows.length === 0 ? null : objective.score(rows);
  };
  let baseline: { readonly own: number; readonly full: number } | null = null;
  const readBaseline = (): { readonly own: number; readonly full: number } => {
    const id = statement<object, { id: string }>(store, BASELINE).get({ searchId, stage })?.id;
    const [before, reference] = id === undefined ? [null, null] : [scoreIn(contexts, id), scoreIn(full, id)];
    if (before !== null && reference !== null) return { own: before, full: reference };
    throw new QschedError(
      'failure',
      `The baseline of the search "${searchId}" has no score on both networks, so no repair can be computed.`,
      'To try failures again: npx qsched resume --retry-failed',
      true,
    );
  };
  return (candidate, own) => {
    const reference = scoreIn(full, candidate);
    if (reference === null) return null;
    baseline ??= readBaseline();
    return own - baseline.own - Math.max(0, reference - baseline.full);
  };
}
