/**
 * Looks at the database while somebody listens, and tells listeners when the version of their topic has changed.
 */
import type { Store } from '../db/open-store.js';
import { topicKey, versionOf, type Topic } from './topics.js';

const LOOK_MILLISECONDS = 250;

/** One look for all listeners. */
export interface Watcher {
  /**
   * Waits for a version other than `seen`.
   *
   * @returns the version then; `seen` itself after `milliseconds`, or when `signal` is aborted
   */
  change(topic: Topic, seen: string, milliseconds: number, signal: AbortSignal): Promise<string>;
  /** Listeners that wait now. */
  waiting(): number;
}

interface Waiting {
  readonly topic: Topic;
  readonly seen: string;
  readonly wake: (version: string) => void;
}

/** @param store a connection that nobody writes with: what others commit changes its `data_version` */
export function watchStore(store: Store): Watcher {
  const all = new Set<Waiting>();
  let timer: NodeJS.Timeout | undefined;
  let dataVersion: unknown;

  function look(): void {
    try {
      const now = store.$client.pragma('data_version', { simple: true });
      if (now === dataVersion) return;
      tell([...all]);
      dataVersion = now;
    } catch {
      // A database that is busy or away for a moment is looked at again.
    }
  }

  function tell(listeners: readonly Waiting[]): void {
    const versions = new Map<string, string>();
    for (const { topic, seen, wake } of listeners) {
      const key = topicKey(topic);
      if (!versions.has(key)) versions.set(key, versionOf(store, topic));
      const version = versions.get(key)!;
      if (version !== seen) wake(version);
    }
  }

  return {
    waiting: () => all.size,
    change: (topic, seen, milliseconds, signal) =>
      new Promise((resolve) => {
        const wake = (version: string): void => {
          clearTimeout(late);
          signal.removeEventListener('abort', stop);
          all.delete(listener);
          if (all.size === 0) {
            clearInterval(timer);
            timer = undefined;
          }
          resolve(version);
        };
        const stop = (): void => wake(seen);
        const late = setTimeout(stop, milliseconds);
        const listener: Waiting = { topic, seen, wake };
        all.add(listener);
        if (signal.aborted) return stop();
        signal.addEventListener('abort', stop, { once: true });
        timer ??= setInterval(look, LOOK_MILLISECONDS);
        tell([listener]); // what was committed before it listened
      }),
  };
}
