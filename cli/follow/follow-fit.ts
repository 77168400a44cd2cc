/**
 * Running a fit: PTQD, or a least-squares match.
 */
import { matchIdOf, ptqdIdOf } from '../../contract/content-id.js';
import { FIT_METHODS } from '../../contract/fit-methods.js';
import type { FitChoice } from '../../contract/fit-payloads.js';
import type { SearchSpec } from '../../contract/search-spec.js';
import { stepCount } from '../../contract/step-count.js';
import { eta } from '../text/duration.js';
import { percent } from './describe-search.js';
import type { Followed } from './follow-workflow.js';
import { shareDone } from './share-done.js';
import { startOrJoin } from './start-or-join.js';
import type { LongRun, Visit } from './visit-host.js';

/** A fit to make: the input of its workflow. */
export interface FitRequest<C extends FitChoice = FitChoice> {
  readonly search: SearchSpec;
  /** What the workflow gets of it, if it is not complete: a worker fills what was left out. */
  readonly input?: unknown;
  readonly choice: C;
}

/** What messages say about an interrupted fit. */
export const FIT = {
  what: 'fit',
  kept: 'a fit is stored when it is complete',
  comeBack: 'Run the same command again',
  followAgain: 'Follow it with the same command',
} as const satisfies Partial<Visit>;

/** What is done meanwhile. */
const DOING = {
  ptqd: 'fitting PTQD on full-precision trajectories',
  match: 'matching quantised with full-precision trajectories',
};

/** How a fit is started and followed. */
export function followedFit({ search, input = search, choice }: FitRequest): Followed & Pick<LongRun, 'start'> {
  const { method, ...options } = choice;
  const id = (method === 'ptqd' ? ptqdIdOf : matchIdOf)({ search, ...options });
  const { model, precision, scheduler } = search;
  const secondsAfter = timeLeft();
  const title = `${FIT_METHODS[method].title} of ${model} ${precision}, ${stepCount(scheduler.steps)}`;
  return {
    ...FIT,
    id,
    ask: async (handle) => {
      const share = await shareDone(handle);
      const text = share === null ? DOING[method] : `${DOING[method]} - ${percent(share)}${eta(secondsAfter(share))}`;
      return (line) => line.note(text, `${share}`);
    },
    start: (client) => startOrJoin(client, method, id, { search: input, ...options }, title),
  };
}

/** Estimates what is left from the shares seen so far; null while there is only one. */
function timeLeft(): (share: number) => number | null {
  let first: { readonly at: number; readonly share: number } | undefined;
  return (share) => {
    first ??= { at: Date.now(), share };
    const done = share - first.share;
    return done <= 0 ? null : ((1 - share) * (Date.now() - first.at)) / 1000 / done;
  };
}
