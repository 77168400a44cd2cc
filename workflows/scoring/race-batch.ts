/**
 * A batch as a race: all candidates on the first pairs, and after each look only those that the leader has not left
 * behind. Looks are barriers: everything before one is stored when the store decides.
 */
import type { Coefficients } from '../../contract/coefficients.js';
import type { AskedTrial, RaceQueueResult, RaceRequest } from '../../contract/payloads.js';
import { called, countWorkers, imagesPerTrial, splitRepeated, storeOf, type Batch } from './batch.js';
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
  /** Pairs after which a person has ended it; null: nobody has. */
  readonly until: number | null;
  /** Pairs after which everybody leaves; absent: the leaders go on to the end. */
  readonly enough?: number;
}

/** What came out of a race. */
export interface RacedScores extends BatchScores {
  /** In ask order: the share of the pairs that the score rests on; 1 for those that came to the end. */
  readonly shares: readonly number[];
  /** Pairs at which a person has ended it; null: nobody has. At 0 no trial has a score. */
  readonly ended: number | null;
}

/** What an optimizer is told of them. */
export type ToldScores = Pick<RacedScores, 'scores' | 'shares' | 'kept'>;

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
  let ended: number | null = null;
  for (let reached = 0; alive.length > 0 && reached < pairs;) {
    if (race.until === reached || batch.halted()) ended = reached;
    if (ended === 0) break;
    const asked = await look(batch, race, alive, { reached, end: ended !== null || reached >= (race.enough ?? pairs) });
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
    const racing = asked.upTo < pairs;
    const recorder = new Recorder(
      (trials) =>
        storeOf(batch, trials.length).record.executeWithOptions(called(batch), [
          { ...batch.reference, names, trials, racing },
        ]),
      () => undefined,
    );
    const whole = await giveOut(batch, first, recorder);
    // What was begun beyond the last look decides nothing.
    if (whole) reached = asked.upTo;
  }
  const end = ended === null ? alive : [];
  for (const [index, score] of await finish(batch, end)) scores.set(index, score);
  onRecorded(end.length);
  return {
    scores: batch.trials.map(({ index }) => scores.get(index) ?? null),
    shares: batch.trials.map(({ index }) => shares.get(index) ?? 1),
    kept,
    unfinished: new Set(ended === 0 ? batch.trials.map(({ index }) => index) : []),
    ended,
  };
}

/** One look: what was scored up to it decides who is left, and the store tells what they need next. At an early end nobody is. */
async function look(
  batch: Batch,
  { rivals, alpha, block }: Race,
  trials: readonly AskedTrial[],
  { reached, end }: { readonly reached: number; readonly end: boolean },
): Promise<RaceQueueResult> {
  const { scoreQueue, batches } = batch.prepared;
  const summary = `${batch.label}: ${trials.length} left after ${reached} pairs`;
  const request = {
    ...batch.reference,
    trials,
    rivals,
    reached,
    block,
    batch: batches.denoiser,
    alpha,
    retryFailed: batch.retryFailed && reached === 0,
    scoreQueue,
    ...(end ? { end } : {}),
  };
  const asked = await storeOf(batch, trials.length + rivals.length).race.executeWithOptions({ summary }, [request]);
  countWorkers(batch, asked.workers);
  return asked;
}

/** Scores of those who came to the end; null: an image failed. */
async function finish(batch: Batch, trials: readonly AskedTrial[]): Promise<[number, number | null][]> {
  if (trials.length === 0) return [];
  const { scoreQueue } = batch.prepared;
  const asked = await storeOf(batch, trials.length).ask.executeWithOptions(called(batch), [
    { ...batch.reference, trials, retryFailed: false, scoreQueue },
  ]);
  return trials.map(({ index }, i) => [index, asked.scores[i]!]);
}
