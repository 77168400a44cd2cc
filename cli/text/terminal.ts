/**
 * Standard error: whole lines, and on a terminal one status line below them that is rewritten in place.
 *
 * Everything that a command tells a person goes through here, so that a line never continues another one.
 */

/** The part of a terminal or a pipe that is used. */
export interface OutputStream {
  readonly isTTY?: boolean;
  /** Width of a terminal. */
  readonly columns?: number;
  write(text: string): unknown;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

const ESCAPE = '\u001b[';
const DEFAULT_COLUMNS = 80;

/** One per stream. */
export class Terminal {
  #status = '';
  #drawn = '';
  readonly #stream: OutputStream;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Whether a status line can be rewritten. */
  get rewrites(): boolean {
    return this.#stream.isTTY === true;
  }

  /** Calls back whenever the terminal changes its size. @returns what ends that */
  onResize(changed: () => void): () => void {
    this.#stream.on?.('resize', changed);
    return () => this.#stream.off?.('resize', changed);
  }

  /** Writes a line that remains. */
  say(line: string): void {
    this.clear();
    this.#stream.write(`${line}\n`);
    this.#draw();
  }

  /**
   * Shows the status line, cut to the width of the terminal: a longer one would wrap, and could not be rewritten. The width
   * is read each time, so that a resize takes effect with the next status.
   */
  status(text: string): void {
    this.#status = text;
    this.#draw();
  }

  /** Ends the status line, which remains as it is. */
  end(): void {
    if (this.#drawn !== '') this.#stream.write('\n');
    this.#drawn = '';
    this.#status = '';
  }

  /** Removes the status line until the next status or line, for output to another stream on the same terminal. */
  clear(): void {
    if (this.#drawn !== '') this.#stream.write(this.#erasure());
    this.#drawn = '';
  }

  get #columns(): number {
    return this.#stream.columns ?? DEFAULT_COLUMNS;
  }

  /** What erases the status line. A terminal that became narrower than the line has wrapped it to several rows. */
  #erasure(): string {
    const above = Math.max(0, Math.ceil(this.#drawn.length / Math.max(1, this.#columns)) - 1);
    return above === 0 ? `\r${ESCAPE}2K` : `${ESCAPE}${above}A\r${ESCAPE}J`;
  }

  #draw(): void {
    if (!this.rewrites || this.#status === '') return;
    const width = Math.max(1, this.#columns - 1);
    const cut = this.#status.length > width;
    const line = cut ? `${this.#status.slice(0, Math.max(0, width - 3))}...`.slice(0, width) : this.#status;
    this.#stream.write(`${this.#erasure()}${line}`);
    this.#drawn = line;
  }
}

/** The terminal of this process. */
export const terminal = new Terminal(process.stderr);
