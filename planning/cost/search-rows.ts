/**
 * What the stages of a search take, batch by batch in the order in which they are given out.
 */
import { firstBlock, nextLook } from '../../metrics/racing/looks.js';
import { addCounts, NOTHING, type RowCounts, type RowRules, type Slab } from './engine-rows.js';
import { fleetRows, type Fleet } from './fleet-rows.js';

const { min } = Math;

/** Candidates that are asked together. */
export interface Generation {
  readonly candidates: number;
  /** Distinct trajectories among them, where they are known before they are asked; by default all differ. */
  readonly distinct?: Slab['distinct'];
  /** Whether every candidate is scored on all pairs, whatever the others do: k is settled on them. */
  readonly whole?: boolean;
  /** Pairs after which all of them leave the race; absent: who is not behind continues to the end. */
  readonly enough?: number;
}

/** What a search does, whatever computes it. */
export interface SearchShape {
  /** (prompt, seed) pairs of each split. */
  readonly pairs: { readonly calibration: number; readonly select: number; readonly confirm: number };
  readonly generations: readonly Generation[];
  /** Candidates of the selection: 0 if there is none. */
  readonly finalists: number;
  /** Whether the baseline is scored beside them, which then do not race. */
  readonly selectBaseline: boolean;
  /** Pairs before the first comparison of a race; null without races. */
  readonly block: number | null;
  /** Whether finalists come from a model, dropped or not: the one that is confirmed is scored on its missing pairs. */
  readonly completes: boolean;
  /** 1, or 0 if the baseline's scores are stored already. */
  readonly baseline: number;
  /** Candidates that are confirmed: the baseline and the finalist, as far as they are not stored already. */
  readonly confirmed: number;
}

/** How races go: nobody is dropped, or after the first block all but one candidate, of the first generation. */
export type Race = 'nobody' | 'all';

export type SearchStage = 'baseline' | 'search' | 'select' | 'confirm';

/** Pairs of different splits have different names. */
const pairsFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

/** @returns what each stage takes if races go so */
export function searchRows(
  { pairs, baseline: first, generations, finalists, selectBaseline, block, completes, confirmed }: SearchShape,
  rules: RowRules,
  fleet: Fleet,
  dropped: Race,
): Record<SearchStage, RowCounts> {
  const count = fleetRows(rules, fleet);
  const calibration = pairsFrom(0, pairs.calibration);
  const baseline = count({ candidates: first, pairs: calibration });
  let search = NOTHING;
  const kept = generations.findIndex(({ whole }) => whole !== true);
  for (const [i, { candidates, distinct, whole = false, enough = Infinity }] of generations.entries()) {
    const left = dropped === 'nobody' ? candidates : i === kept && kept === 0 ? 1 : 0;
    for (const { from, to, alive } of heats(candidates, left, {
      block: whole ? null : block,
      batch: rules.batch,
      pairs: pairs.calibration,
      enough,
    })) {
      const known = alive === candidates && distinct !== undefined ? { distinct } : {};
      search = addCounts(search, count({ candidates: alive, pairs: calibration.slice(from, to), ...known }));
    }
  }
  const [{ enough: reached = Infinity } = {}] = generations;
  if (completes && reached < pairs.calibration) {
    search = addCounts(search, count({ candidates: 1, pairs: calibration.slice(reached) }));
  }
  const selected = pairsFrom(pairs.calibration, pairs.select);
  const raced = {
    block: block === null || selectBaseline ? null : firstBlock(finalists, rules.batch),
    batch: rules.batch,
  };
  const beside = finalists > 0 && selectBaseline ? 1 : 0;
  let select = NOTHING;
  // Without a model, a candidate that is dropped is no finalist, and one alone is not chosen among others.
  const chosen =
    block !== null && dropped === 'all' && !completes
      ? []
      : heats(finalists + beside, dropped === 'all' ? 1 : finalists + beside, { ...raced, pairs: pairs.select });
  for (const { from, to, alive } of chosen) {
    select = addCounts(select, count({ candidates: alive, pairs: selected.slice(from, to) }));
  }
  const heldOut = pairsFrom(pairs.calibration + pairs.select, pairs.confirm);
  return { baseline, search, select, confirm: count({ candidates: confirmed, pairs: heldOut, kept: true }) };
}

/** Part of a race: candidates that are left, on some pairs. */
interface Heat {
  readonly from: number;
  readonly to: number;
  readonly alive: number;
}

interface Looks {
  readonly block: number | null;
  readonly batch: number;
  readonly pairs: number;
  readonly enough?: number;
}

/** @param left candidates after the first comparison */
function heats(candidates: number, left: number, { block, batch, pairs, enough = pairs }: Looks): Heat[] {
  if (block === null) return [{ from: 0, to: pairs, alive: candidates }];
  const parts: Heat[] = [];
  for (let from = 0, alive = candidates; from < min(pairs, enough) && alive > 0; alive = left) {
    const to = min(pairs, nextLook({ block, batch, pairs }, from, alive));
    parts.push({ from, to, alive });
    from = to;
  }
  return parts;
}
