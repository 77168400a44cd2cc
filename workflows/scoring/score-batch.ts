/**
 * From candidates to scores: persist what was asked, score what the store does not know, record, return the scores.
 */
import { workflowInfo } from '@temporalio/workflow';
import type { Coefficients } from '../../contract/coefficients.js';
import type { AskedTrial, AskQueueResult, BatchReference, OpenTrial, PromptSplit } from '../../contract/payloads.js';
import type { PreparedNetwork } from '../../contract/prepared-network.js';
import type { WirePrompt } from '../../contract/wire/network.js';
import { scoreActivities, storeActivities } from '../activities.js';
import { whileServed } from '../patience.js';
import { blockRequest, imagesOf, scoredTrials } from './block-request.js';
import { inBlocks } from './in-blocks.js';
import {
  answer,
  blockImages,
  closingImages,
  outstandingBlocks,
  recount,
  startPace,
  workersOf,
  type Pace,
} from './pace.js';
import { Recorder } from './recorder.js';
import { slabTrials, Work, type Piece } from './work.js';

const { fromEntries, keys } = Object;

/** The last blocks of a batch are recorded together if they take no longer than this, in seconds. */
const MAX_HELD_SECONDS = 10;
/** Trials that are persisted at once: payloads stay far below their limit. */
const MAX_TRIALS = 256;

/** What is known of the workers of each queue, by its name; the batches update it. */
export type Paces = { [scoreQueue: string]: Pace };

/** A batch, and whose arithmetic scores it. */
export interface Batch {
  readonly reference: BatchReference;
  readonly prepared: PreparedNetwork;
  readonly split: PromptSplit;
  readonly prompts: readonly WirePrompt[];
  readonly trials: readonly AskedTrial[];
  readonly retryFailed: boolean;
  /** Whether images are kept as artefacts. */
  readonly keepImages: boolean;
  /** Limit on waiting for a worker, in seconds; null for as long as it takes. */
  readonly waitSeconds: number | null;
  /** What the activities' summaries call this batch. */
  readonly label: string;
  readonly paces: Paces;
  /** Continues with the same batch in a run with an empty history. */
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
export const imagesPerTrial = (split: PromptSplit): number => split.count * split.seeds.length;

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
  onRecorded(batch.trials.length - open.length);
  return { scores: await scoreOpen(batch, { open, scores: known }, onRecorded), kept };
}

const storeOf = ({ split, reference }: Batch, trials: number) =>
  storeActivities(trials * imagesPerTrial(split) * keys(reference.contexts).length);

async function ask(batch: Batch, trials: readonly AskedTrial[], retryFailed: boolean): Promise<AskQueueResult> {
  const { scoreQueue } = batch.prepared;
  const asked = await storeOf(batch, trials.length).ask({ ...batch.reference, trials, retryFailed, scoreQueue });
  const before = batch.paces[scoreQueue];
  batch.paces[scoreQueue] = before === undefined ? startPace(asked.workers) : recount(before, asked.workers);
  return asked;
}

/** @returns the scores of all trials of the batch, in ask order */
async function scoreOpen(
  batch: Batch,
  asked: Pick<AskQueueResult, 'open' | 'scores'>,
  onRecorded: (count: number) => void,
): Promise<(number | null)[]> {
  const scores = [...asked.scores];
  const at = new Map(batch.trials.map((trial, i) => [trial.index, i]));
  const { first, repeated } = splitRepeated(asked.open);
  const complete = new Set<number>();
  const names = fromEntries(batch.prepared.scorers.map((scorer) => [scorer.role, scorer.names]));
  const recorder = new Recorder(
    (trials) => storeOf(batch, trials.length).record({ ...batch.reference, names, trials }),
    ({ index, score }) => {
      scores[at.get(index)!] = score;
      if (complete.has(index)) return;
      complete.add(index);
      onRecorded(1);
    },
  );
  await giveOut(batch, first, recorder);
  if (repeated.length > 0) {
    const trials = repeated.map(({ index }) => batch.trials[at.get(index)!]!);
    const again = await ask(batch, trials, false);
    trials.forEach(({ index }, i) => {
      scores[at.get(index)!] = again.scores[i]!;
    });
    onRecorded(repeated.length);
  }
  return scores;
}

async function giveOut(batch: Batch, trials: readonly OpenTrial[], recorder: Recorder): Promise<void> {
  const { prepared, split, paces, label } = batch;
  const { scoreQueue, batches } = prepared;
  const images = imagesPerTrial(split);
  const pace = (): Pace => paces[scoreQueue]!;
  const size = (left: number): number => blockImages(pace(), left, batches.denoiser, Date.now());
  const total = trials.reduce((sum, { missing }) => sum + (missing?.length ?? images), 0);
  if (total === 0) return;
  const work = new Work(trials, images, slabTrials(workersOf(pace(), Date.now()), size(total), images));
  const context = {
    prepared,
    scorers: keys(batch.reference.contexts),
    prompts: batch.prompts,
    seeds: split.seeds,
    keepImages: batch.keepImages,
  };
  const activities = scoreActivities(scoreQueue, batch.waitSeconds);
  /** Images to give out before the history is closed; null for as long as there is room in it. */
  let closing: number | null = null;
  const open = (): number => {
    if (closing === null && workflowInfo().continueAsNewSuggested) {
      closing = closingImages(pace(), work.left, batches.denoiser, Date.now());
    }
    return closing ?? work.left;
  };
  const next = (): Piece[] => {
    const pieces = work.take(size(open()));
    if (closing !== null) closing -= imagesOf(pieces);
    return pieces;
  };
  const paused = await inBlocks<Piece[]>({
    next: () => (work.left === 0 ? null : next()),
    limit: () => outstandingBlocks(pace(), Date.now()),
    pause: () => work.left > 0 && open() <= 0,
    run: async (pieces) => {
      const summary = `${label}: ${imagesOf(pieces)} images of ${pieces.length} candidates`;
      const request = blockRequest(pieces, context);
      const result = await whileServed(prepared.model, scoreQueue, () =>
        activities.score.executeWithOptions({ summary }, [request]),
      );
      const { worker, seconds } = result;
      paces[scoreQueue] = answer(pace(), { worker, seconds, images: imagesOf(pieces), now: Date.now() });
      // Within a moment the last blocks are done: one call records them all.
      recorder.add(scoredTrials(pieces, result), work.left === 0 && seconds <= MAX_HELD_SECONDS);
    },
  });
  await recorder.flush();
  if (paused && work.left > 0) await batch.carryOn();
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
