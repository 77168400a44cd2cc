/**
 * One batch of trials: persist what is asked, score what is missing, record, return the scores.
 */
import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import type { Coefficients } from '../../contract/coefficients.js';
import type {
  AskedTrial,
  AskResult,
  BatchReference,
  OpenTrial,
  PreparedModel,
  PromptSplit,
} from '../../contract/payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { scoreActivities, storeActivities } from '../activities.js';
import { atMost } from '../at-most.js';
import { whileServed } from '../patience.js';
import { chunksOf, wavesOf } from './chunks.js';

const { floor, max, min } = Math;
const { keys } = Object;

/** Trials that are persisted at once at most: payloads stay far below their limit. */
const MAX_TRIALS = 256;
/** Chunks in the queue at once at most. */
const MAX_OUTSTANDING = 64;
/** Bytes of prompt texts in the chunks that are put in the queue at once: a workflow task takes 4 MB. */
const MAX_TEXT_BYTES = 1_500_000;
/** UTF-8 bytes of a UTF-16 unit at most. */
const BYTES_PER_UNIT = 3;

/** A batch, and whose arithmetic scores it. */
export interface Batch {
  readonly reference: BatchReference;
  readonly prepared: PreparedModel;
  readonly scheduler: SearchSpec['scheduler'];
  readonly split: PromptSplit;
  readonly trials: readonly AskedTrial[];
  readonly retryFailed: boolean;
  /** Limit on waiting for a worker, in seconds; null for as long as it takes. */
  readonly waitSeconds: number | null;
  /** What the activities' summaries call this batch. */
  readonly label: string;
  /** Resumes the same batch in a run with an empty history. */
  readonly carryOn: () => Promise<never>;
}

/** What came out. */
export interface BatchScores {
  /** In ask order; null: failed. */
  readonly scores: (number | null)[];
  /** Stored coefficients of trials that were asked with others, different by rounding. */
  readonly kept: ReadonlyMap<number, Coefficients>;
}

/** Images that a candidate has on a split. */
export const images = (split: PromptSplit): number => split.count * split.seeds.length;

/**
 * Scores a batch; equal candidates are evaluated once.
 *
 * @param onRecorded told how many trials more are complete
 */
export async function scoreBatch(batch: Batch, onRecorded: (count: number) => void = () => {}): Promise<BatchScores> {
  const scores: (number | null)[] = [];
  const kept = new Map<number, Coefficients>();
  for (let start = 0; start < batch.trials.length; start += MAX_TRIALS) {
    const slice = { ...batch, trials: batch.trials.slice(start, start + MAX_TRIALS) };
    const asked = await ask(slice, slice.trials, batch.retryFailed);
    for (const { index, coefficients } of asked.kept) kept.set(index, coefficients);
    onRecorded(slice.trials.length - asked.open.length);
    scores.push(...(await scoreOpen(slice, asked, onRecorded)));
  }
  return { scores, kept };
}

const storeOf = ({ trials, split, reference }: Batch) =>
  storeActivities(trials.length * images(split) * keys(reference.contexts).length);

const ask = (batch: Batch, trials: readonly AskedTrial[], retryFailed: boolean): Promise<AskResult> =>
  storeOf(batch).ask({ ...batch.reference, trials, retryFailed });

/** @returns the scores of all trials of the batch, in ask order */
async function scoreOpen(
  batch: Batch,
  asked: AskResult,
  onRecorded: (count: number) => void,
): Promise<(number | null)[]> {
  const scores = [...asked.scores];
  const at = new Map(batch.trials.map((trial, i) => [trial.index, i]));
  const { first, repeated } = splitRepeated(asked.open);
  const waves = wavesOf(chunksOf(first, images(batch.split)), images(batch.split));
  for (const [i, wave] of waves.entries()) {
    if (i > 0 && workflowInfo().continueAsNewSuggested) await batch.carryOn();
    await CancellationScope.cancellable(() => atMost(mostOutstanding(batch.split), wave, scoreChunk));
  }
  if (repeated.length > 0) {
    const trials = repeated.map(({ index }) => batch.trials[at.get(index)!]!);
    const again = await ask(batch, trials, false);
    trials.forEach(({ index }, i) => {
      scores[at.get(index)!] = again.scores[i]!;
    });
    onRecorded(repeated.length);
  }
  return scores;

  async function scoreChunk(chunk: readonly OpenTrial[]): Promise<void> {
    const { trials } = await score(batch, chunk);
    const recorded = await storeOf(batch).record({ ...batch.reference, trials });
    const complete = recorded.filter((trial) => trial.complete);
    for (const trial of complete) scores[at.get(trial.index)!] = trial.score;
    onRecorded(complete.length);
  }
}

function score({ prepared, scheduler, reference, split, waitSeconds, label }: Batch, trials: readonly OpenTrial[]) {
  const { model, precision, scoreQueue } = prepared;
  const request = { model, precision, scheduler, contexts: reference.contexts, split, trials };
  const summary = `${label}: trials ${trials[0]!.index}-${trials.at(-1)!.index}`;
  const activities = scoreActivities(scoreQueue, waitSeconds);
  return whileServed(model, scoreQueue, () => activities.score.executeWithOptions({ summary }, [request]));
}

/** Texts of the spec travel with every chunk. */
function mostOutstanding({ texts }: PromptSplit): number {
  if (texts === null) return MAX_OUTSTANDING;
  const bytes = BYTES_PER_UNIT * texts.reduce((sum, { length }) => sum + length, 0);
  return max(2, min(MAX_OUTSTANDING, floor(MAX_TEXT_BYTES / max(1, bytes))));
}

/** Candidates that the batch holds twice: the first is evaluated, the others read its score. */
function splitRepeated(open: readonly OpenTrial[]): { first: OpenTrial[]; repeated: OpenTrial[] } {
  const seen = new Set<string>();
  const first: OpenTrial[] = [];
  const repeated: OpenTrial[] = [];
  for (const trial of open) {
    const key = keyOf(trial.coefficients);
    (seen.has(key) ? repeated : first).push(trial);
    seen.add(key);
  }
  return { first, repeated };
}

/** JSON prints a float64 so that it reads back to the same bits. */
const keyOf = (coefficients: Coefficients): string => JSON.stringify([coefficients.sample, coefficients.noise]);
