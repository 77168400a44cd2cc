/**
 * Progress on stderr: a status line on a terminal, otherwise a line now and then.
 */
import type { SearchProgress } from '../../contract/search-result.js';
import { terminal as processTerminal, type Terminal } from '../text/terminal.js';

/** Without a terminal, an unchanged status is repeated after this time ... */
const QUIET_MILLISECONDS = 4000;
/** ... and a new one is shown at most this often. */
const BUSY_MILLISECONDS = 1500;
const TICK_MILLISECONDS = 500;

/** Shows the progress of a command, at least every five seconds even if nothing changes. */
export class ProgressLine {
  readonly #started = Date.now();
  readonly #terminal: Terminal;
  /** When the search stage was first seen, and the number of candidates then: the rate is counted from there. */
  #searching: { readonly at: number; readonly told: number } | undefined;
  #text = '';
  #shown = '';
  #shownAt = 0;
  readonly #ticker = setInterval(() => this.#write(), TICK_MILLISECONDS).unref();

  constructor(terminal: Terminal = processTerminal) {
    this.#terminal = terminal;
  }

  /** Shows the progress of a search. */
  show(progress: SearchProgress): void {
    const { stage, told } = progress;
    if (stage === 'search') this.#searching ??= { at: Date.now(), told };
    const { at, told: before } = this.#searching ?? { at: Date.now(), told };
    this.note(describe(progress, (Date.now() - at) / 1000, before));
  }

  /** Shows a status in words. */
  note(text: string): void {
    this.#text = text;
    this.#write();
  }

  /** Ends the status line. */
  end(): void {
    clearInterval(this.#ticker);
    this.#terminal.end();
    this.#text = '';
  }

  #write(): void {
    if (this.#text === '') return;
    const now = Date.now();
    const line = `${this.#text} - ${Math.round((now - this.#started) / 1000)} s`;
    if (this.#terminal.rewrites) {
      this.#terminal.status(line);
      return;
    }
    const pause = this.#text === this.#shown ? QUIET_MILLISECONDS : BUSY_MILLISECONDS;
    if (now - this.#shownAt < pause) return;
    this.#terminal.say(line);
    this.#shown = this.#text;
    this.#shownAt = now;
  }
}

/** What a search does outside its search stage. */
const STAGES: Readonly<Record<string, string>> = {
  prepare: 'preparing the model (loading and hashing its files)',
  start: 'finding what the search starts from (a least-squares match, or the linear search)',
  identity: 'scoring the baseline',
  select: 'choosing the finalist on the selection prompts',
  confirm: 'testing the finalist on held-out prompts',
  control: 'running the full-precision control',
};

/**
 * `generation 7 - 84/240 candidates - best 1.6784 (+0.9 % over baseline) - 3.1/s - ETA 50 s`
 *
 * @param seconds since the search stage was first seen
 * @param toldBefore candidates that were scored by then
 */
export function describe(progress: SearchProgress, seconds: number, toldBefore: number): string {
  const { stage, generation, told, budget, best, identity, failed } = progress;
  if (stage !== 'search') return STAGES[stage] ?? stage;
  const parts = [`generation ${generation + 1}`, `${told}/${budget} candidates`];
  if (best !== null && identity !== null) parts.push(`best ${best.toFixed(4)} (${over(best, identity)} baseline)`);
  const rate = (told - toldBefore) / Math.max(seconds, 0.001);
  if (rate > 0) parts.push(`${rate.toFixed(1)}/s`, `ETA ${Math.ceil((budget - told) / rate)} s`);
  if (failed > 0) parts.push(`${failed} failed`);
  return parts.join(' - ');
}

/** `+0.9 % over`; the difference itself if the baseline's score is not positive. */
function over(best: number, identity: number): string {
  const above = best - identity;
  const sign = above >= 0 ? '+' : '';
  return identity > 0 ? `${sign}${((100 * above) / identity).toFixed(1)} % over` : `${sign}${above.toFixed(4)} over`;
}
