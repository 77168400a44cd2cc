/**
 * The live page of the process that serves a data folder.
 */
import { LIVE_PORT, startLive, type Live } from '../../live/live-client.js';
import { messageOf, QschedError } from '../../contract/errors.js';
import { artefactFolder } from '../../temporal/data-folder.js';
import type { Given } from '../input/flag.js';
import type { LIVE } from '../input/flags.js';
import { whole } from '../input/values.js';
import { databasePath } from './database.js';

/** Whether there is a live page, and where: at this port, or by default at one that is free. */
export type LiveChoice = { readonly port: number | undefined } | 'none';

/** @throws QschedError (usage) for a port that cannot be, and for a port of no page */
export function liveOf({ noLive, livePort }: Given<typeof LIVE>): LiveChoice {
  const port = whole('--live-port', livePort, 1, 65_535, LIVE_PORT);
  if (!noLive) return { port };
  if (port === undefined) return 'none';
  throw new QschedError('usage', '--no-live and --live-port contradict each other.', 'Leave one of them out.');
}

/**
 * Serves the page. Without one the workers are as good: only a port that was asked for must be had.
 *
 * @throws QschedError (usage) if the port of `--live-port` cannot be used
 */
export async function serveLive(folder: string, choice: LiveChoice, say: (line: string) => void): Promise<Live | null> {
  if (choice === 'none') return null;
  try {
    return await startLive({
      folder,
      databasePath: databasePath(),
      artefacts: artefactFolder(),
      port: choice.port,
      say,
    });
  } catch (error) {
    if (error instanceof QschedError && error.code === 'usage') throw error;
    say(`there is no live page: ${messageOf(error)}`);
    return null;
  }
}
