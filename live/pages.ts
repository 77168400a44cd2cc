/**
 * Pages as they are drawn once per version, however many look at them.
 */
import type { Store } from '../db/open-store.js';
import { topicKey, versionOf, type Topic } from './topics.js';

/** A topic, drawn. */
export interface Drawing {
  /** The whole page. @param events the address of its events */
  readonly page: (events: string) => string;
  /** Inner HTML of its `<main>`. */
  readonly main: string;
}

/** Draws a topic from the database. */
export type Draw = (store: Store, topic: Topic) => Drawing;

/** A drawing of one version. */
interface Drawn extends Drawing {
  readonly version: string;
  /** When the drawing ended, and how long it took, in milliseconds. */
  readonly at: number;
  readonly took: number;
}

/** Drawings by topic. */
export interface Pages {
  /** The drawing of the present version; null if there is no such search or table. */
  drawn(topic: Topic): Drawn | null;
  /** Milliseconds until the topic should be drawn again: drawing for events takes at most a third of the time. */
  rest(topic: Topic): number;
}

const MAX_KEPT = 12;
const LEAST_PAUSE_MILLISECONDS = 400;
/** Pause after a drawing, as a multiple of the time that it took. */
const PAUSE = 2;
const MOST_PAUSE_MILLISECONDS = 10_000;

export function keepPages(store: Store, draw: Draw): Pages {
  const kept = new Map<string, Drawn>();

  // One transaction: all queries of a drawing see the same commits.
  const drawNow = store.$client.transaction((topic: Topic): Drawn | null => {
    const key = topicKey(topic);
    const version = versionOf(store, topic);
    if (version === '') return null;
    const before = kept.get(key);
    if (before?.version === version) return before;
    const started = performance.now();
    const drawing = draw(store, topic);
    const at = performance.now();
    kept.delete(key);
    kept.set(key, { ...drawing, version, at, took: at - started });
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT) kept.delete(oldest!);
    return kept.get(key)!;
  });

  return {
    drawn: (topic) => drawNow(topic),
    rest(topic) {
      const last = kept.get(topicKey(topic));
      if (last === undefined) return 0;
      const pause = Math.min(MOST_PAUSE_MILLISECONDS, Math.max(LEAST_PAUSE_MILLISECONDS, PAUSE * last.took));
      return Math.max(0, last.at + pause - performance.now());
    },
  };
}
