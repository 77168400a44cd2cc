/**
 * A job on another thread: this one heartbeats, and hands cancellation on.
 */
import { CancelledFailure, Context } from '@temporalio/activity';
import { withHeartbeat } from './heartbeat.js';

/** Who watches a job on another thread. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly onProgress: (share: number) => void;
}

/** Heartbeats while `body` runs on another thread; cancellation reaches it. */
export const watched = <T>(body: (watch: Watch) => Promise<T>): Promise<T> =>
  withHeartbeat(async (onProgress) => {
    const { cancellationSignal: signal } = Context.current();
    try {
      return await body({ signal, onProgress });
    } catch (error) {
      if (signal.aborted) throw new CancelledFailure('Scoring was cancelled.');
      throw error;
    }
  });
