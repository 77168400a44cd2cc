/**
 * How many images of the stage at hand are done, how fast they come, and how long the rest will take: an observation, as
 * the pace is. No score depends on it.
 *
 *   rate           images that were scored in the last WINDOW_SECONDS, per second: pauses between generations count
 *   secondsLeft    (images left in this stage + images of the stages to come) / rate
 */
const { max, min } = Math;

/** Answers that the rate is measured on. */
const WINDOW_SECONDS = 120;

/** Images done and images of the stage at hand, and the seconds that all that is left will take. */
export interface Measured {
  readonly images: { readonly done: number; readonly total: number };
  /** Null until images were scored. */
  readonly secondsLeft: number | null;
}

/** Counts the images of one workflow execution. Times are the workflow's, in milliseconds. */
export class Meter {
  private stage = '';
  private done = 0;
  private total = 0;
  private later = 0;
  private answers: { readonly at: number; readonly images: number }[] = [];
  private since: number | null = null;

  /**
   * A stage has further images; another stage starts to count anew.
   *
   * @param images scored or reused; an upper bound where candidates may be dropped
   * @param later images of what comes after them, as far as is known
   */
  begin(stage: string, images: number, later: number): void {
    if (stage !== this.stage) {
      this.stage = stage;
      this.done = 0;
      this.total = 0;
    }
    this.total += images;
    this.later = later;
  }

  /** Images of the stage so far, without those of dropped candidates; null if another stage is at hand. */
  asked(stage: string): number | null {
    return stage === this.stage ? this.total : null;
  }

  /** Images that need not be scored: they are stored. */
  reuse(images: number): void {
    this.done += images;
  }

  /** Images that will not be scored: their candidates were dropped. */
  drop(images: number): void {
    this.total -= images;
  }

  /** The rate counts from the moment when the first block is given out. */
  giveOut(now: number): void {
    this.since ??= now;
  }

  /** A block of images was scored. */
  scored(images: number, now: number): void {
    this.done += images;
    this.answers.push({ at: now, images });
    const old = now - WINDOW_SECONDS * 1000;
    const start = this.answers.findIndex(({ at }) => at >= old);
    if (start > 0) {
      this.since = this.answers[start - 1]!.at;
      this.answers = this.answers.slice(start);
    }
  }

  /** What is known now. */
  measured(now: number): Measured {
    const { done, total, later, since } = this;
    const images = this.answers.reduce((sum, one) => sum + one.images, 0);
    const seconds = since === null ? 0 : (now - since) / 1000;
    const left = max(0, total - done) + later;
    const known = images > 0 && seconds > 0;
    return { images: { done: min(done, total), total }, secondsLeft: known ? (left * seconds) / images : null };
  }
}
