/**
 * Results to stdout, chatter to stderr; with --json stdout is one JSON document.
 */
import { messageOf, QschedError } from '../../contract/errors.js';

/** Options that every command has. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** Chatter: one line to stderr. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** A result line for people; suppressed by --json. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** The one JSON document of a command; numbers are not rounded. */
export const printJson = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
};

/** Prints an error as a person reads it, and returns the exit code. */
export function report(error: unknown, options: GlobalOptions): number {
  const known = error instanceof QschedError ? error : null;
  const message = messageOf(error);
  if (options.json) printJson({ error: { code: known?.code ?? 'failure', message, hint: known?.hint ?? '' } });
  say(`qsched: ${message}`);
  if (known && known.hint !== '') say(`  ${known.hint}`);
  if (options.debug && error instanceof Error) say(error.stack ?? '');
  else if (!known) say('  Run again with --debug for details.');
  return known?.exitCode ?? 1;
}

/** A table with aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
