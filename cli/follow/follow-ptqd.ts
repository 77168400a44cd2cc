/**
 * Running a PTQD fit.
 */
import { ptqdIdOf } from '../../contract/content-id.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { stepCount } from '../../contract/step-count.js';
import type { Followed } from './follow-workflow.js';
import { startOrJoin } from './start-or-join.js';
import type { LongRun, Visit } from './visit-host.js';

/** A fit to make: the input of the `ptqd` workflow. */
export interface PtqdRequest {
  readonly search: SearchSpec;
  /** What the workflow gets of it, if it is not complete: a worker fills what was left out. */
  readonly input?: unknown;
  readonly gamma: 'std' | 'regression';
  readonly bias: 'channel' | 'step';
}

/** What messages say about an interrupted fit. */
export const FIT = {
  what: 'fit',
  kept: 'a fit is stored when it is complete',
  comeBack: 'Run the same command again',
  followAgain: 'Follow it with the same command',
} as const satisfies Partial<Visit>;

/** How a fit is started and followed. */
export function followedPtqd({ search, input = search, ...how }: PtqdRequest): Followed & Pick<LongRun, 'start'> {
  const id = ptqdIdOf({ search, ...how });
  const { model, precision, scheduler } = search;
  const title = `PTQD of ${model} ${precision}, ${stepCount(scheduler.steps)}`;
  return {
    ...FIT,
    id,
    ask: async (handle) => {
      await handle.describe();
      return (line) => line.note('fitting PTQD on full-precision trajectories');
    },
    start: (client) => startOrJoin(client, 'ptqd', id, { search: input, ...how }, title),
  };
}
