/**
 * Results go to stdout, everything else to stderr. With --json stdout is one JSON document.
 */
import { writeFileSync } from 'node:fs';
import { messageOf, QschedError } from '../../contract/errors.js';
import type { Given } from '../input/flag.js';
import type { COMMON } from '../input/flags.js';
import { styled } from './colour.js';
import { terminal } from './terminal.js';

/** Flags that every command has. */
export type GlobalOptions = Given<typeof COMMON>;

/** Tells the user something: one line on stderr. */
export const say = (line: string): void => terminal.say(line);

/** Prints a result for people; not used with --json. */
export const print = (text: string): void => {
  terminal.clear();
  process.stdout.write(`${text}\n`);
};

/** Prints the one JSON document of a command; numbers are not rounded. */
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

/** Writes a result to a file. @throws QschedError (failure) if it cannot be written */
export function writeResult(path: string, text: string): void {
  try {
    writeFileSync(path, `${text}\n`);
  } catch (error) {
    throw new QschedError(
      'failure',
      `${path} cannot be written: ${messageOf(error)}`,
      'Use another path with --output. The results are stored, so the same command is quick now.',
    );
  }
  say(`wrote ${path}`);
}

/** Prints an error for a person, and returns the exit code. */
export function report(error: unknown, options: GlobalOptions): number {
  const known = error instanceof QschedError ? error : null;
  const message = messageOf(error);
  if (options.json) printJson({ error: { code: known?.code ?? 'failure', message, hint: known?.hint ?? '' } });
  say(`${styled('red', 'qsched:', process.stderr)} ${message}`);
  if (known && known.hint !== '') say(`  ${known.hint}`);
  if (options.debug && error instanceof Error) say(error.stack ?? '');
  else if (!known) say('  Run the command again with --debug for details.');
  return known?.exitCode ?? 1;
}
