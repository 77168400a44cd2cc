/**
 * Progress on stderr: one redrawn line on a terminal, otherwise a line now and then.
 */
import type { SearchProgress } from '../../contract/search-result.js';

/** A line on a plain stream at least this often ... */
const QUIET_MILLISECONDS = 4000;
/** ... and at most this often. */
const BUSY_MILLISECONDS = 1500;
const TICK_MILLISECONDS = 500;

/** Shows where a search is; says something at least every five seconds, whether anything is new or not. */
export class ProgressLine {
  readonly #started = Date.now();
  /** When the search stage was first seen, and how far it was then: what the rate counts from. */
  #searching: { readonly at: number; readonly told: number } | undefined;
  #text = '';
  #shown = '';
  #shownAt = 0;
  readonly #redraw = process.stderr.isTTY === true;
  readonly #ticker = setInterval(() => {
    this.#write();
  }, TICK_MILLISECONDS).unref();

  /** Shows a new snapshot. */
  show(progress: SearchProgress): void {
    const { stage, told } = progress;
    if (stage === 'search') this.#searching ??= { at: Date.now(), told };
    const { at, told: before } = this.#searching ?? { at: Date.now(), told };
    this.#text = describe(progress, (Date.now() - at) / 1000, before);
    this.#write();
  }

  /** Shows a plain sentence. */
  note(text: string): void {
    this.#text = text;
    this.#write();
  }

  /** Says a sentence that stays, above the line. */
  say(text: string): void {
    process.stderr.write(`${this.#redraw ? '\r\u001b[2K' : ''}${text}\n`);
    if (this.#redraw) this.#write();
  }

  /** Ends the redrawn line, and the ticking. */
  end(): void {
    clearInterval(this.#ticker);
    if (this.#redraw && this.#shown !== '') process.stderr.write('\n');
    this.#text = '';
    this.#shown = '';
  }

  #write(): void {
    if (this.#text === '') return;
    const now = Date.now();
    const line = `${this.#text} - ${Math.round((now - this.#started) / 1000)} s`;
    if (this.#redraw) {
      process.stderr.write(`\r\u001b[2K${line}`);
    } else {
      if (now - this.#shownAt < (this.#text === this.#shown ? QUIET_MILLISECONDS : BUSY_MILLISECONDS)) return;
      process.stderr.write(`${line}\n`);
    }
    this.#shown = this.#text;
    this.#shownAt = now;
  }
}

/**
 * `gen 7 - 84/240 trials - best 1.6784 (+0.9 % over identity) - 3.1/s - ETA 50 s`
 *
 * @param seconds since the search stage was first seen
 * @param toldBefore trials that were told by then
 */
export function describe(progress: SearchProgress, seconds: number, toldBefore: number): string {
  const { stage, generation, told, budget, best, identity, failed } = progress;
  const parts: string[] = [];
  if (stage === 'search') {
    parts.push(`gen ${generation + 1}`, `${told}/${budget} trials`);
    if (best !== null && identity !== null) parts.push(`best ${best.toFixed(4)} (${over(best, identity)} identity)`);
    const rate = (told - toldBefore) / Math.max(seconds, 0.001);
    if (rate > 0) parts.push(`${rate.toFixed(1)}/s`, `ETA ${Math.ceil((budget - told) / rate)} s`);
    if (failed > 0) parts.push(`${failed} failed`);
  } else {
    parts.push(
      {
        prepare: 'preparing the model (loading and hashing its files)',
        identity: 'scoring the identity',
        select: 'choosing among the best on other prompts',
        confirm: 'confirming the finalist on held-out prompts',
        control: 'running the full-precision control',
        finished: 'finished',
      }[stage] ?? stage,
    );
  }
  return parts.join(' - ');
}

/** `+0.9 % over`; the difference itself where the identity's score is no measure of size. */
function over(best: number, identity: number): string {
  const above = best - identity;
  const sign = above >= 0 ? '+' : '';
  return identity > 0 ? `${sign}${((100 * above) / identity).toFixed(1)} % over` : `${sign}${above.toFixed(4)} over`;
}
