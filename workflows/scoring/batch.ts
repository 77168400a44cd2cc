/**
 * A batch of candidates on the prompts of a split, and whose arithmetic scores it.
 */
import type { AskedTrial, BatchReference, OpenTrial, PromptSplit } from '../../contract/payloads.js';
import type { Coefficients } from '../../contract/coefficients.js';
import type { PreparedNetwork } from '../../contract/prepared-network.js';
import type { WirePrompt } from '../../contract/wire/network.js';
import { storeActivities } from '../activities.js';
import type { Meter } from './meter.js';
import { recount, startPace, type Pace } from './pace.js';

const { keys } = Object;

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
  /** Whether a person holds the work back, or has stopped it for good. */
  readonly held: () => boolean;
  readonly halted: () => boolean;
  /** Priority key of what is scored next; null: that of the workflow. */
  readonly priority: () => number | null;
  readonly paces: Paces;
  /** Told how many images are done. */
  readonly meter: Meter;
  /** Told of every answer. */
  readonly shown: () => void;
  /** Continues with the same batch in a run with an empty history. */
  readonly carryOn: () => Promise<never>;
}

/** Images that a candidate has on a split. */
export const imagesPerTrial = (split: PromptSplit): number => split.count * split.seeds.length;

/** The store, for calls about some trials of a batch. */
export const storeOf = ({ split, reference }: Batch, trials: number) =>
  storeActivities(trials * imagesPerTrial(split) * keys(reference.contexts).length);

/** Keeps a count of the workers that poll the batch's queue. */
export function countWorkers({ paces, prepared: { scoreQueue } }: Batch, workers: number): void {
  const before = paces[scoreQueue];
  paces[scoreQueue] = before === undefined ? startPace(workers) : recount(before, workers);
}

/** What the activities of a batch are called in the Temporal UI. */
export const called = ({ label }: Batch) => ({ summary: label });

/** Candidates that the batch holds twice: the first is evaluated, the others read its score. */
export function splitRepeated(open: readonly OpenTrial[]): { first: OpenTrial[]; repeated: OpenTrial[] } {
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
