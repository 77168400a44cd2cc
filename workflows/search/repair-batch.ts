/**
 * Scoring a batch of a search for repair: on the full-precision network first, then on the quantised one, where the store
 * compares the two. The baseline is first on the quantised network too: repair is a difference from it.
 */
import type { PreparedNetwork } from '../../contract/prepared-network.js';
import type { Batch } from '../scoring/batch.js';
import { scoreBatch, type BatchScores } from '../scoring/score-batch.js';

const { fromEntries, keys } = Object;

/**
 * Scores are repair: gain - max(0, gain of full precision), with the same coefficients on the same pairs.
 *
 * @param batch of the quantised network; trial 0 is the baseline, in this batch or an earlier one of the stage
 * @param reference the full-precision network
 */
export async function scoreRepair(
  batch: Batch,
  reference: PreparedNetwork,
  onRecorded?: (count: number) => void,
): Promise<BatchScores> {
  const full = fromEntries(keys(batch.reference.contexts).map((scorer) => [scorer, reference.contexts[scorer]!]));
  const { unfinished } = await scoreBatch({
    ...batch,
    prepared: reference,
    reference: { ...batch.reference, contexts: full, repair: { network: 'full' } },
    label: `${batch.label}, ${reference.precision}`,
  });
  const own = (trials: Batch['trials']): Promise<BatchScores> =>
    scoreBatch(
      { ...batch, trials, reference: { ...batch.reference, repair: { network: 'quantised', full } } },
      onRecorded,
    );
  if (unfinished.size > 0) return ofThese(batch, await own(withoutThese(batch, unfinished)), unfinished);
  const baseline = batch.trials.filter(({ index }) => index === 0);
  if (baseline.length === 0 || baseline.length === batch.trials.length) return own(batch.trials);
  const first = await own(baseline);
  const rest = await own(batch.trials.filter(({ index }) => index !== 0));
  return {
    scores: [...first.scores, ...rest.scores],
    kept: new Map([...first.kept, ...rest.kept]),
    unfinished: new Set([...first.unfinished, ...rest.unfinished]),
  };
}

const withoutThese = ({ trials }: Batch, unfinished: ReadonlySet<number>): Batch['trials'] =>
  trials.filter(({ index }) => !unfinished.has(index));

/** Scores of a whole batch, of which a person stopped some trials on the full-precision network already. */
function ofThese(batch: Batch, scored: BatchScores, unfinished: ReadonlySet<number>): BatchScores {
  const at = new Map(withoutThese(batch, unfinished).map(({ index }, i) => [index, scored.scores[i]!]));
  return {
    scores: batch.trials.map(({ index }) => at.get(index) ?? null),
    kept: scored.kept,
    unfinished: new Set([...unfinished, ...scored.unfinished]),
  };
}
