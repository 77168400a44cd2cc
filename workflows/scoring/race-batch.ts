/**
 * A batch as a race: all candidates on the first pairs, and after each look only those that the leader has not left
 * behind. Looks are barriers: everything before one is stored when the store decides.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { AskedTrial, RaceQueueResult, RaceRequest } from '../../contract/payloads.js';
import { countWorkers, imagesPerTrial, splitRepeated, storeOf, type Batch } from './batch.js';
import { giveOut } from './give-out.js';
import { Recorder } from './recorder.js';
import type { BatchScores } from './score-batch.js';

const { fromEntries } = Object;

/** How a batch is raced. */
export interface Race {
  /** Pairs of the first look. */
  readonly block: number;
  /** One-sided level over all looks; see metrics/racing/drop.ts. */
  readonly alpha: number;
  /** Candidates with all their pairs, the best first. */
  readonly rivals: RaceRequest['rivals'];
}

/** What came out of a race. */
export interface RacedScores extends BatchScores {
  /** In ask order: the share of the pairs that the score rests on; 1 for those that came to the end. */
  readonly shares: readonly number[];
}

/**
 * Races a batch; equal candidates are evaluated once.
 *
 * @param onRecorded told how many further trials have left the race or come to its end
 */
export async function raceBatch(
  batch: Batch,
  race: Race,
  onRecorded: (count: number) => void = () => {},
): Promise<RacedScores> {
  const pairs = imagesPerTrial(batch.split);
  const names = fromEntries(batch.prepared.scorers.map((scorer) => [scorer.role, scorer.names]));
  const kept = new Map<number, Coefficients>();
  const scores = new Map<number, number | null>();
  const shares = new Map<number, number>();
  let alive: readonly AskedTrial[] = batch.trials;
  for (let reached = 0; alive.length > 0 && reached < pairs;) {
    const asked = await look(batch, race, alive, reached);
    for (const { index, score, pairs: own } of asked.dropped) {
      scores.set(index, score);
      shares.set(index, own / pairs);
      batch.meter.drop(pairs - own);
    }
    onRecorded(asked.dropped.length);
    for (const { index, coefficients } of asked.kept) kept.set(index, coefficients);
    alive = alive
      .filter(({ index }) => !scores.has(index))
      .map((trial) => ({ ...trial, coefficients: kept.get(trial.index) ?? trial.coefficients }));
    const { first } = splitRepeated(asked.open);
    const missing = first.reduce((sum, trial) => sum + (trial.missing?.length ?? pairs), 0);
    batch.meter.reuse(alive.length * (asked.upTo - reached) - missing);
    reached = asked.upTo;
    const racing = reached < pairs;
    const recorder = new Recorder(
      (trials) => storeOf(batch, trials.length).record({ ...batch.reference, names, trials, racing }),
      () => undefined,
    );
    await giveOut(batch, first, recorder);
  }
  for (const [index, score] of await finish(batch, alive)) scores.set(index, score);
  onRecorded(alive.length);
  return {
    scores: batch.trials.map(({ index }) => scores.get(index)!),
    shares: batch.trials.map(({ index }) => shares.get(index) ?? 1),
    kept,
  };
}

/** One look: what was scored up to it decides who is left, and the store tells what they need next. */
async function look(
  batch: Batch,
  { rivals, alpha, block }: Race,
  trials: readonly AskedTrial[],
  reached: number,
): Promise<RaceQueueResult> {
  const { scoreQueue, batches } = batch.prepared;
  const asked = await storeOf(batch, trials.length + rivals.length).race({
    ...batch.reference,
    trials,
    rivals,
    reached,
    block,
    batch: batches.denoiser,
    alpha,
    retryFailed: batch.retryFailed && reached === 0,
    scoreQueue,
  });
  countWorkers(batch, asked.workers);
  return asked;
}

/** Scores of those who came to the end; null: an image failed. */
async function finish(batch: Batch, trials: readonly AskedTrial[]): Promise<[number, number | null][]> {
  if (trials.length === 0) return [];
  const { scoreQueue } = batch.prepared;
  const asked = await storeOf(batch, trials.length).ask({ ...batch.reference, trials, retryFailed: false, scoreQueue });
  return trials.map(({ index }, i) => [index, asked.scores[i]!]);
}
