/**
 * Progress on stderr: a status line on a terminal, otherwise a line per generation or part of a stage.
 */
import { terminal as processTerminal, type Terminal } from '../text/terminal.js';

/** Without a terminal, an unchanged status without parts is repeated after this time ... */
const QUIET_MILLISECONDS = 4000;
/** ... a new one is shown at most this often ... */
const BUSY_MILLISECONDS = 1500;
/** ... and a part that takes longer than this is shown again. */
const LONG_MILLISECONDS = 60_000;
const TICK_MILLISECONDS = 500;

/** Shows the progress of a command. */
export class ProgressLine {
  readonly #started = Date.now();
  readonly #terminal: Terminal;
  #text = '';
  #part: string | undefined;
  #shown = '';
  #shownPart: string | undefined;
  #shownAt = 0;
  readonly #ticker = setInterval(() => this.#write(), TICK_MILLISECONDS).unref();
  readonly #unfollow: () => void;

  constructor(terminal: Terminal = processTerminal) {
    this.#terminal = terminal;
    this.#unfollow = terminal.onResize(() => this.#write());
  }

  /**
   * Shows a status in words.
   *
   * @param part without a terminal a status is shown when this changes, and after a minute; absent: every few seconds
   */
  note(text: string, part?: string): void {
    this.#text = text;
    this.#part = part;
    this.#write();
  }

  /** Ends the status line. */
  end(): void {
    clearInterval(this.#ticker);
    this.#unfollow();
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
    if (now - this.#shownAt < this.#pause()) return;
    this.#terminal.say(line);
    this.#shown = this.#text;
    this.#shownPart = this.#part;
    this.#shownAt = now;
  }

  /** How long after the last line the next one may follow. */
  #pause(): number {
    if (this.#part !== undefined) return this.#part === this.#shownPart ? LONG_MILLISECONDS : 0;
    return this.#text === this.#shown ? QUIET_MILLISECONDS : BUSY_MILLISECONDS;
  }
}
