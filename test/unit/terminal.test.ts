/** Lines and the status line on a terminal: no line wraps, none continues another one. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProgressLine } from '../../cli/follow/progress-line.js';
import { Terminal, type OutputStream } from '../../cli/text/terminal.js';

const ESCAPE = '\u001b';
/** Control sequences, line ends and texts. */
const PARTS = new RegExp(`${ESCAPE}\\[\\d*[A-Z]|\\n|\\r|[^${ESCAPE}\\r\\n]+`, 'g');

/** A terminal of some width that wraps long lines, and wraps again when it is resized. */
class Screen implements OutputStream {
  readonly isTTY = true;
  columns = 80;
  /** Logical lines; the cursor is at the end of the last one, unless it was moved. */
  #lines = [''];
  /** Rows that the cursor was moved up. */
  #up = 0;

  write(text: string): void {
    for (const [part] of text.matchAll(PARTS)) this.#put(part);
  }

  #put(part: string): void {
    const last = this.#lines.length - 1;
    if (part === '\n') this.#lines.push('');
    else if (part === `${ESCAPE}[2K`) {
      // Clears one row: what was wrapped above it remains.
      const rows = this.#rowsOf(this.#lines[last]!);
      this.#lines.splice(last, 1, ...rows.slice(0, -1), '');
    } else if (part.endsWith('A')) this.#up = Number(part.slice(2, -1));
    else if (part === `${ESCAPE}[J`) {
      const rows = this.#rowsOf(this.#lines[last]!);
      this.#lines.splice(last, 1, ...rows.slice(0, rows.length - 1 - this.#up), '');
      this.#up = 0;
    } else if (part !== '\r') this.#lines[last] += part;
  }

  #rowsOf = (line: string): string[] => line.match(new RegExp(`.{1,${this.columns}}`, 'g')) ?? [''];

  /** What is seen. */
  rows(): string[] {
    return this.#lines.flatMap((line) => this.#rowsOf(line));
  }
}

describe('on a terminal', () => {
  test.each([200, 120, 80, 40, 10, 2])('of %i columns the status is one row', (columns) => {
    const screen = new Screen();
    screen.columns = columns;
    const terminal = new Terminal(screen);
    for (let i = 0; i < 50; i += 1) terminal.status(`${'generation 7 - 84/240 candidates - '.repeat(4)}${i} s`);
    expect(screen.rows()).toHaveLength(1);
    expect(screen.rows()[0]!.length).toBeLessThan(columns);
    terminal.end();
    expect(screen.rows()).toHaveLength(2);
  });

  test('a short status is not cut, a long one ends in dots', () => {
    const screen = new Screen();
    screen.columns = 20;
    const terminal = new Terminal(screen);
    terminal.status('nineteen characters');
    expect(screen.rows()).toEqual(['nineteen characters']);
    terminal.status('twenty characters...');
    expect(screen.rows()).toEqual(['twenty character...']);
  });

  test('a resize takes effect with the next status, and leaves nothing behind', () => {
    const screen = new Screen();
    const terminal = new Terminal(screen);
    terminal.say('a line that stays');
    const text = 'generation 7 - 84/240 candidates - best 1.6784 (+0.9 % over baseline) - 3.1/s';
    for (const columns of [80, 30, 60, 20, 100]) {
      screen.columns = columns;
      terminal.status(text);
      expect(screen.rows()).toEqual(['a line that stays', columns > 78 ? text : `${text.slice(0, columns - 4)}...`]);
    }
  });

  test('lines stand above the status, whole', () => {
    const screen = new Screen();
    const terminal = new Terminal(screen);
    terminal.status('starting the server and the workers - 0 s');
    terminal.say('starting the Temporal server at 127.0.0.1:7233');
    terminal.say('starting 2 scoring workers for shapes');
    terminal.status('preparing the model - 1 s');
    expect(screen.rows()).toEqual([
      'starting the Temporal server at 127.0.0.1:7233',
      'starting 2 scoring workers for shapes',
      'preparing the model - 1 s',
    ]);
    terminal.end();
    terminal.say('interrupted');
    expect(screen.rows().slice(2)).toEqual(['preparing the model - 1 s', 'interrupted', '']);
  });
});

test('without a terminal there are lines only', () => {
  let written = '';
  const terminal = new Terminal({ write: (text) => (written += text) });
  terminal.status('a status');
  terminal.say('a line');
  terminal.end();
  expect(written).toBe('a line\n');
});

describe('progress', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('follows the width of the terminal while nothing else happens', () => {
    const screen = new Screen();
    const line = new ProgressLine(new Terminal(screen));
    line.note('testing the finalist on held-out prompts');
    screen.columns = 30;
    vi.advanceTimersByTime(1000);
    expect(screen.rows()).toEqual(['testing the finalist on he...']);
    line.end();
  });

  test('without a terminal is a line at least every five seconds, and not at every change', () => {
    const lines: string[] = [];
    const line = new ProgressLine(new Terminal({ write: (text) => lines.push(text) }));
    line.note('waiting');
    vi.advanceTimersByTime(20_000);
    expect(lines.length).toBeGreaterThanOrEqual(5);
    lines.length = 0;
    for (let i = 0; i < 100; i += 1) {
      line.note(`candidate ${i}`);
      vi.advanceTimersByTime(100);
    }
    expect(lines.length).toBeLessThanOrEqual(8);
    line.end();
  });
});
