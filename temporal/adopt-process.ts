/**
 * A process that another process started, and that this process watches and ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './process-alive.js';

const LOOK_EVERY_MS = 500;
/** SIGTERM first, SIGKILL if it still runs after this. */
const END_WITHIN_MS = 10_000;

/** @internal */
export interface AdoptedProcess {
  /** The listener is called once, if the process ends without `stop()`. */
  onExit(listener: (how: string) => void): void;
  /** Ends the process and waits until it has ended. */
  stop(): Promise<void>;
}

/** Watches a process by polling its id, because only its parent is notified when it ends. */
export function adoptProcess(pid: number): AdoptedProcess {
  const listeners: ((how: string) => void)[] = [];
  const look = setInterval(() => {
    if (isAlive(pid)) return;
    clearInterval(look);
    for (const listener of listeners) listener('ended');
  }, LOOK_EVERY_MS);
  look.unref();
  return {
    onExit: (listener) => {
      listeners.push(listener);
    },
    stop: async () => {
      clearInterval(look);
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        if (!isAlive(pid)) return;
        process.kill(pid, signal);
        const deadline = Date.now() + END_WITHIN_MS;
        while (isAlive(pid) && Date.now() < deadline) await sleep(20);
      }
    },
  };
}
