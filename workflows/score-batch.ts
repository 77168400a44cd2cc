/**
 * One batch of trials: persist what is asked, score what is missing, record, return the scores.
 */
import { CancellationScope } from '@temporalio/workflow';
import type { Coefficients } from '../spec/coefficients.js';
import type { AskedTrial, BatchReference, OpenTrial, PreparedModel, PromptSplit } from '../spec/payloads.js';
import type { SearchSpec } from '../spec/search-spec.js';
import { scoreActivities, storeActivities } from './activities.js';
import { chunksOf } from './chunks.js';

const { keys } = Object;

/** Trials that are persisted at once at most: payloads stay far below their limit. */
const MOST_TRIALS = 256;

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
}

/** What came out: scores in ask order (null: failed), and the terms of what was scored. */
export interface BatchScores {
  readonly scores: (number | null)[];
}

/** Scores a batch; equal candidates are evaluated once. */
export async function scoreBatch(batch: Batch, onRecorded: (count: number) => void = () => {}): Promise<BatchScores> {
  const scores: (number | null)[] = [];
  for (let start = 0; start < batch.trials.length; start += MOST_TRIALS) {
    scores.push(...(await scoreSlice({ ...batch, trials: batch.trials.slice(start, start + MOST_TRIALS) }, onRecorded)));
  }
  return { scores };
}

/** Pictures that a candidate has on a split. */
export const pictures = (split: PromptSplit): number => split.count * split.seeds.length;

async function scoreSlice(batch: Batch, onRecorded: (count: number) => void): Promise<(number | null)[]> {
  const store = storeActivities(batch.trials.length * pictures(batch.split) * keys(batch.reference.contexts).length);
  const asked = await store.ask({ ...batch.reference, trials: batch.trials, retryFailed: batch.retryFailed });
  if (asked.open.length === 0) {
    onRecorded(batch.trials.length);
    return [...asked.scores];
  }
  onRecorded(batch.trials.length - asked.open.length);
  const { first, repeated } = splitRepeated(asked.open);
  const scores = [...asked.scores];
  const at = new Map(batch.trials.map((trial, i) => [trial.index, i]));
  const { score } = scoreActivities(batch.prepared.scoreQueue, batch.waitSeconds);
  await CancellationScope.cancellable(() =>
    Promise.all(chunksOf(first, pictures(batch.split)).map(async (chunk) => {
      const { model, precision, nouns } = batch.prepared;
      const request = { model, precision, nouns, scheduler: batch.scheduler, contexts: batch.reference.contexts, split: batch.split, trials: chunk };
      const result = await score.executeWithOptions({ summary: `${batch.label}: trials ${chunk[0]!.index}-${chunk.at(-1)!.index}` }, [request]);
      const recorded = await store.record({ ...batch.reference, trials: result.trials });
      const complete = recorded.filter((trial) => trial.complete);
      for (const trial of complete) scores[at.get(trial.index)!] = trial.score;
      onRecorded(complete.length);
    })));
  if (repeated.length > 0) {
    const trials = repeated.map((trial) => batch.trials[at.get(trial.index)!]!);
    const again = await store.ask({ ...batch.reference, trials, retryFailed: false });
    trials.forEach((trial, i) => { scores[at.get(trial.index)!] = again.scores[i]!; });
    onRecorded(repeated.length);
  }
  return scores;
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
