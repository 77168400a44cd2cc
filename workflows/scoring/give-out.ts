/**
 * Open evaluations on their way to the workers, block by block, and back into the store.
 */
import { workflowInfo } from '@temporalio/workflow';
import type { OpenTrial } from '../../contract/payloads.js';
import { scoreActivities } from '../activities.js';
import { whileServed } from '../patience.js';
import { imagesPerTrial, type Batch } from './batch.js';
import { blockRequest, imagesOf, scoredTrials } from './block-request.js';
import { inBlocks } from './in-blocks.js';
import { answer, blockImages, closingImages, outstandingBlocks, workersOf, type Pace } from './pace.js';
import type { Recorder } from './recorder.js';
import { slabTrials, Work, type Piece } from './work.js';

const { keys } = Object;

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** The last blocks of a batch are recorded together if they take no longer than this, in seconds. */
const MAX_HELD_SECONDS = 10;

/**
 * Gives the open evaluations of trials out to workers, and records what they answer.
 *
 * @returns whether everything was given out: a person may have stopped it
 * @throws what `carryOn` throws, if the history is to be closed before everything is given out
 */
export async function giveOut(batch: Batch, trials: readonly OpenTrial[], recorder: Recorder): Promise<boolean> {
  const { prepared, split, paces, label } = batch;
  const { scoreQueue, batches } = prepared;
  const images = imagesPerTrial(split);
  const pace = (): Pace => paces[scoreQueue]!;
  const size = (left: number): number => blockImages(pace(), left, batches.denoiser, Date.now());
  const total = trials.reduce((sum, { missing }) => sum + (missing?.length ?? images), 0);
  if (total === 0) return true;
  batch.meter.giveOut(Date.now());
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
    held: batch.held,
    halted: batch.halted,
    pause: () => work.left > 0 && open() <= 0,
    run: async (pieces) => {
      const summary = `${label}: ${counted(imagesOf(pieces), 'image')}${pieces.length === 1 ? '' : ` of ${pieces.length} candidates`}`;
      const request = blockRequest(pieces, context);
      const priorityKey = batch.priority();
      const priority = priorityKey === null ? {} : { priority: { priorityKey } };
      const result = await whileServed(prepared.model, scoreQueue, () =>
        activities.score.executeWithOptions({ summary, ...priority }, [request]),
      );
      const { worker, seconds } = result;
      batch.meter.scored(imagesOf(pieces), Date.now());
      batch.shown();
      paces[scoreQueue] = answer(pace(), { worker, seconds, images: imagesOf(pieces), now: Date.now() });
      // Within a moment the last blocks are done: one call records them all.
      recorder.add(scoredTrials(pieces, result), work.left === 0 && seconds <= MAX_HELD_SECONDS);
    },
  });
  await recorder.flush();
  if (work.left > 0 && batch.halted()) return false;
  if (paused && work.left > 0) await batch.carryOn();
  return true;
}
