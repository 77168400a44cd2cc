/**
 * A process that somebody else started, and that this process is to watch and to end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './process-alive.js';

const LOOK_EVERY_MS = 500;
/** SIGTERM first; SIGKILL when it is still there after this. */
const END_WITHIN_MS = 10_000;

/** @internal */
export interface AdoptedProcess {
  /** Called once, when it ends without `stop()`. */
  onExit(listener: (how: string) => void): void;
  /** Ends it and waits for its end. */
  stop(): Promise<void>;
}

/** Watches a process by its id: only its parent is told of its end. */
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
