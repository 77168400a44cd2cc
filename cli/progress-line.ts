/**
 * Progress on stderr: one redrawn line on a terminal, otherwise a line now and then.
 */
import type { SearchProgress } from '../spec/payloads.js';

const QUIET_MILLISECONDS = 4000;

/** Shows where a search is; says something at least every five seconds. */
export class ProgressLine {
  readonly #started = Date.now();
  #startedAt: number | undefined;
  #lastText = '';
  #lastAt = 0;
  readonly #redraw = process.stderr.isTTY === true;

  /** Shows a new snapshot. */
  show(progress: SearchProgress): void {
    this.#startedAt ??= progress.told;
    this.#write(describe(progress, (Date.now() - this.#started) / 1000, this.#startedAt));
  }

  /** Shows a plain sentence. */
  note(text: string): void {
    this.#write(text);
  }

  /** Ends the redrawn line. */
  end(): void {
    if (this.#redraw && this.#lastText !== '') process.stderr.write('\n');
    this.#lastText = '';
  }

  #write(text: string): void {
    const now = Date.now();
    if (this.#redraw) {
      process.stderr.write(`\r\u001b[2K${text}`);
    } else if (text.replace(/\d+ s$/, '') !== this.#lastText.replace(/\d+ s$/, '') ? now - this.#lastAt > 900 : now - this.#lastAt > QUIET_MILLISECONDS) {
      process.stderr.write(`${text}\n`);
      this.#lastAt = now;
    } else return;
    this.#lastText = text;
  }
}

/** `gen 7 - 84/240 trials - best 1.6784 (+0.9 % over identity) - 3.1/s - ETA 50 s - 27 s` */
export function describe(progress: SearchProgress, seconds: number, toldBefore: number): string {
  const { stage, generation, told, budget, best, identity, failed } = progress;
  const parts: string[] = [];
  if (stage === 'search') {
    parts.push(`gen ${generation + 1}`, `${told}/${budget} trials`);
    if (best !== null && identity !== null) parts.push(`best ${best.toFixed(4)} (${percent(best / identity - 1)} over identity)`);
    const rate = (told - toldBefore) / Math.max(seconds, 0.001);
    if (rate > 0) parts.push(`${rate.toFixed(1)}/s`, `ETA ${Math.ceil((budget - told) / rate)} s`);
    if (failed > 0) parts.push(`${failed} failed`);
  } else {
    parts.push({ prepare: 'preparing the model (loading and hashing its files)', identity: 'scoring the identity', select: 'choosing among the best on other prompts', confirm: 'confirming the finalist on held-out prompts', control: 'running the full-precision control', finished: 'finished' }[stage] ?? stage);
  }
  parts.push(`${Math.round(seconds)} s`);
  return parts.join(' - ');
}

const percent = (share: number): string => `${share >= 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
