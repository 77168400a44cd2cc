/**
 * The command that started an evaluation or a gate continues it where it was paused, as `resume` does for a search.
 */
import type { Client } from '@temporalio/client';
import { QschedError } from '../../contract/errors.js';
import { findRun } from '../../db/runs.js';
import { withAnyStore } from '../input/stored-search.js';
import { say } from '../text/output.js';
import { sendUpdate, type Steered } from './send-update.js';

/** Lets it go if it is held. */
export async function letGo(client: Client, steered: Steered): Promise<void> {
  if (withAnyStore((store) => findRun(store, steered.id)?.status) !== 'paused') return;
  try {
    say(await sendUpdate(client, steered, 'unpause'));
  } catch (error) {
    // What is stored may be of a run that is gone: the one that has just begun is not paused.
    if (!(error instanceof QschedError) || error.code !== 'usage') throw error;
  }
}
