/**
 * From candidates to scores: persist what was asked, score what the store does not know, record, return the scores.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { AskedTrial, AskQueueResult, OpenTrial } from '../../contract/payloads.js';
import { called, countWorkers, imagesPerTrial, splitRepeated, storeOf, type Batch } from './batch.js';
import { giveOut } from './give-out.js';
import { Recorder } from './recorder.js';

const { fromEntries } = Object;

/** Trials that are persisted at once: payloads stay far below their limit. */
const MAX_TRIALS = 256;

/** What came out. */
export interface BatchScores {
  /** In ask order; null: failed. */
  readonly scores: (number | null)[];
  /** Stored coefficients of trials that were asked with others, different by rounding. */
  readonly kept: ReadonlyMap<number, Coefficients>;
  /** Trials that have not all of their images, because a person stopped the batch: they have no score. */
  readonly unfinished: ReadonlySet<number>;
}

/**
 * Scores a batch; equal candidates are evaluated once.
 *
 * @param onRecorded told how many further trials are complete
 */
export async function scoreBatch(batch: Batch, onRecorded: (count: number) => void = () => {}): Promise<BatchScores> {
  const open: OpenTrial[] = [];
  const known: (number | null)[] = [];
  const kept = new Map<number, Coefficients>();
  for (let start = 0; start < batch.trials.length; start += MAX_TRIALS) {
    const asked = await ask(batch, batch.trials.slice(start, start + MAX_TRIALS), batch.retryFailed);
    for (const { index, coefficients } of asked.kept) kept.set(index, coefficients);
    open.push(...asked.open);
    known.push(...asked.scores);
  }
  const images = imagesPerTrial(batch.split);
  const missing = splitRepeated(open).first.reduce((sum, trial) => sum + (trial.missing?.length ?? images), 0);
  batch.meter.reuse(batch.trials.length * images - missing);
  onRecorded(batch.trials.length - open.length);
  return { ...(await scoreOpen(batch, { open, scores: known }, onRecorded)), kept };
}

async function ask(batch: Batch, trials: readonly AskedTrial[], retryFailed: boolean): Promise<AskQueueResult> {
  const { scoreQueue } = batch.prepared;
  const asked = await storeOf(batch, trials.length).ask.executeWithOptions(called(batch), [
    { ...batch.reference, trials, retryFailed, scoreQueue },
  ]);
  countWorkers(batch, asked.workers);
  return asked;
}

/** @returns the scores of all trials of the batch, in ask order */
async function scoreOpen(
  batch: Batch,
  asked: Pick<AskQueueResult, 'open' | 'scores'>,
  onRecorded: (count: number) => void,
): Promise<Omit<BatchScores, 'kept'>> {
  const scores = [...asked.scores];
  const at = new Map(batch.trials.map((trial, i) => [trial.index, i]));
  const { first, repeated } = splitRepeated(asked.open);
  const complete = new Set<number>();
  const unfinished = new Set(asked.open.map(({ index }) => index));
  const names = fromEntries(batch.prepared.scorers.map((scorer) => [scorer.role, scorer.names]));
  const recorder = new Recorder(
    (trials) =>
      storeOf(batch, trials.length).record.executeWithOptions(called(batch), [{ ...batch.reference, names, trials }]),
    ({ index, score }) => {
      scores[at.get(index)!] = score;
      if (complete.has(index)) return;
      complete.add(index);
      unfinished.delete(index);
      onRecorded(1);
    },
  );
  await giveOut(batch, first, recorder);
  if (repeated.length > 0) {
    const trials = repeated.map(({ index }) => batch.trials[at.get(index)!]!);
    const again = await ask(batch, trials, false);
    const open = new Set(again.open.map(({ index }) => index));
    trials.forEach(({ index }, i) => {
      scores[at.get(index)!] = again.scores[i]!;
      if (!open.has(index)) unfinished.delete(index);
    });
    onRecorded(repeated.length - open.size);
  }
  return { scores, unfinished };
}
