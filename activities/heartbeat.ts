/**
 * Heartbeats of an activity that takes longer than a moment: a worker that dies is noticed by their absence.
 */
import { Context } from '@temporalio/activity';

const BEAT_MILLISECONDS = 1500;

/** Runs `body` and heartbeats meanwhile, with the share done that `report` was last told. */
export async function withHeartbeat<T>(body: (report: (share: number) => void) => Promise<T>): Promise<T> {
  const context = Context.current();
  let share = 0;
  const timer = setInterval(() => {
    context.heartbeat(share);
  }, BEAT_MILLISECONDS);
  try {
    return await body((now) => {
      share = now;
    });
  } finally {
    clearInterval(timer);
  }
}
