/**
 * Scored trials on their way into the store: what has arrived while a call was under way goes with the next one.
 */
import type { ScoredTrial, TrialScore } from '../../contract/payloads.js';

/** Evaluations per call: a payload holds 2 MB, and a call should take milliseconds. */
const MAX_EVALUATIONS = 2000;

/** One call at a time, in the order of arrival. */
export class Recorder {
  private readonly waiting: ScoredTrial[] = [];
  private running: Promise<void> | null = null;

  /**
   * @param record stores trials
   * @param onComplete told of every trial whose last evaluation is stored
   */
  constructor(
    private readonly record: (trials: readonly ScoredTrial[]) => Promise<readonly TrialScore[]>,
    private readonly onComplete: (trial: TrialScore) => void,
  ) {}

  /** Adds trials. @param hold leaves them for the next call or the flush: the rest arrives in a moment */
  add(trials: readonly ScoredTrial[], hold: boolean): void {
    this.waiting.push(...trials);
    if (hold) return;
    this.start();
  }

  private start(): void {
    this.running ??= this.work();
    // A failure is thrown by `flush`, which always follows.
    this.running.catch(() => undefined);
  }

  /** Resolves when everything is stored. */
  async flush(): Promise<void> {
    if (this.waiting.length > 0) this.start();
    while (this.running !== null) await this.running;
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      let evaluations = 0;
      let count = 0;
      while (count < this.waiting.length) {
        evaluations += this.waiting[count]!.evaluations.length;
        if (count > 0 && evaluations > MAX_EVALUATIONS) break;
        count += 1;
      }
      for (const trial of await this.record(this.waiting.splice(0, count))) {
        if (trial.complete) this.onComplete(trial);
      }
    }
    this.running = null;
  }
}
