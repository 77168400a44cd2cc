/**
 * One long command from start to end: enter the host, start or join a workflow, follow it, leave in order.
 */
import type { Client } from '@temporalio/client';
import { enterHost, type Host } from '../host/host.js';
import { say } from '../text/output.js';
import { followWorkflow, type Followed } from './follow-workflow.js';
import { onInterrupt } from './interruption.js';
import { ProgressLine } from './progress-line.js';

/** A workflow to run. */
export interface LongRun extends Followed {
  readonly models: readonly string[];
  /** Scoring processes to start; undefined lets the models' size decide. */
  readonly workers: number | undefined;
  /** Wait for workers instead of failing where the server is somebody else's. */
  readonly wait: boolean;
  /** What an interruption leaves, as in "everything scored so far is stored". */
  readonly kept: string;
  /** How to follow it where it continues without us. */
  readonly followAgain: string;
  /** Starts the workflow, or leaves the one that runs. @param first false where the workers had to be replaced */
  readonly start: (client: Client, first: boolean) => Promise<unknown>;
}

/** How a run ended: with a result, or null where Ctrl-C was pressed. */
export type Outcome<R> = { readonly result: R; readonly host: Host } | null;

/** @throws QschedError: the workflow or the host failed */
export async function runToEnd<R>(run: LongRun): Promise<Outcome<R>> {
  const line = new ProgressLine();
  const interruption = onInterrupt(run.comeBack);
  try {
    for (let first = true; ; first = false) {
      line.note('getting the server and the workers ready');
      const entered = enterHost({ models: run.models, scoring: run.workers, say, wait: run.wait });
      const host = await Promise.race([entered, interruption.happened]);
      if (host === undefined) return await leave(await entered.catch(() => undefined));
      const following = new AbortController();
      try {
        if (host.uiUrl) say(`watch it: ${host.uiUrl}/namespaces/${host.namespace}/workflows/${run.id}`);
        await run.start(host.client, first);
        const outcome = await Promise.race([
          followWorkflow<R>(host.client, run, line, following.signal).then((result) => ({ result })),
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
        ? `the ${run.what} keeps running on the server. ${run.followAgain}`
        : `interrupted; ${run.kept}. ${run.comeBack}`,
    );
    return null;
  }
}
