/**
 * How many scoring processes a command is asked to start.
 */
import { QschedError } from '../../contract/errors.js';

const MAX_WORKERS = 64;

/** What --workers asks for; undefined lets the models' size decide. @throws QschedError (usage) */
export function workersOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_WORKERS) {
    throw new QschedError(
      'usage',
      `--workers is ${text}: it must be a whole number from 1 to ${MAX_WORKERS}.`,
      'Use one worker a device.',
    );
  }
  return count;
}
