/**
 * One long command: enter the host, run workflows there, and leave in order, after Ctrl-C as well.
 */
import type { Client } from '@temporalio/client';
import { detailsPage } from '../../temporal/ui-links.js';
import { enterHost, type Host } from '../host/host.js';
import type { Serving } from '../host/serving.js';
import { say } from '../text/output.js';
import { followWorkflow, type Followed } from './follow-workflow.js';
import { onInterrupt } from './interruption.js';
import { ProgressLine } from './progress-line.js';

/** What a command needs of its host, and what an interruption says. */
export interface Visit extends Pick<Followed, 'what' | 'comeBack'> {
  readonly models: readonly string[];
  readonly serving: Serving;
  /** Whether to wait for workers instead of failing if another server has none. */
  readonly wait: boolean;
  /** What an interruption keeps, for example "everything scored so far is stored". */
  readonly kept: string;
  /** How to follow it while it runs without this process. */
  readonly followAgain: string;
}

/** A host, as a command uses it. */
export interface Visited {
  readonly host: Host;
  /** Shows a sentence as the progress. */
  readonly note: (text: string) => void;
  /** Follows a workflow to its result. */
  readonly follow: <R>(followed: Followed) => Promise<R>;
  /** False if the process that ran the workers has gone, and this one took its place. */
  readonly first: boolean;
}

/** How a command ended: with a result, or null after Ctrl-C. */
export type Outcome<R> = { readonly result: R; readonly host: Host } | null;

/**
 * Runs `body` in a host. If the process that ran the workers goes away, this process takes its place and `body` runs again:
 * starting a workflow must join one that runs.
 *
 * @throws QschedError: a workflow or the host failed
 */
export async function visitHost<R>(visit: Visit, body: (visited: Visited) => Promise<R>): Promise<Outcome<R>> {
  const line = new ProgressLine();
  let entered: Host | undefined;
  const interruption = onInterrupt(visit.comeBack, () => (entered?.ours === false ? 'detaching' : 'stopping'));
  try {
    for (let first = true; ; first = false) {
      line.note('starting the server and the workers');
      const entering = enterHost({ ...visit, say });
      entered = await Promise.race([entering, interruption.happened]);
      if (entered === undefined) return await leave(await entering.catch(() => undefined));
      const host = entered;
      const following = new AbortController();
      try {
        const outcome = await Promise.race([
          body({
            host,
            note: (text) => line.note(text),
            follow: (followed) => followWorkflow(host.client, followed, line, following.signal),
            first,
          }).then((result) => ({ result })),
          interruption.happened,
          host.broken,
          host.deserted.then(() => 'deserted' as const),
        ]);
        if (outcome === undefined) return await leave(host);
        if (outcome !== 'deserted') return { ...outcome, host };
        say('the process that ran the workers has gone; this one takes its place');
      } finally {
        following.abort();
        await host.stop();
      }
    }
  } finally {
    line.end();
    interruption.forget();
  }

  async function leave(host: Host | undefined): Promise<null> {
    line.end();
    await host?.stop();
    say(
      host?.ours === false
        ? `the ${visit.what} keeps running on the server. ${visit.followAgain}`
        : `interrupted; ${visit.kept}. ${visit.comeBack}`,
    );
    return null;
  }
}

/** A workflow that a command runs to its end. */
export interface LongRun extends Visit, Followed {
  /** The folder of its live page; absent for what has none. */
  readonly page?: 'searches' | 'tables';
  /** Starts the workflow, or joins the one that runs. @param first see {@link Visited} */
  readonly start: (client: Client, first: boolean) => Promise<unknown>;
}

/** Runs one workflow to its end. @throws QschedError: the workflow or the host failed */
export const runToEnd = <R>(run: LongRun): Promise<Outcome<R>> =>
  visitHost(run, async ({ host, follow, first }) => {
    if (host.live && run.page) say(`live page: ${host.live}/${run.page}/${encodeURIComponent(run.id)}`);
    await run.start(host.client, first);
    const details = await detailsPage(host, run.id).catch(() => null);
    if (details !== null) say(`watch it: ${details}`);
    return follow<R>(run);
  });
