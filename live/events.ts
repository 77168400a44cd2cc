/**
 * Server-sent events of a topic: `parts`, the inner HTML of the page's `<main>`, whenever it has changed. Each waits until
 * the page has taken the one before, so that a slow page skips versions and nothing piles up.
 */
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pages } from './pages.js';
import type { Topic } from './topics.js';
import type { Watcher } from './watch.js';

/** An event at least this often, so that both ends notice a connection that is gone. */
const BEAT_MILLISECONDS = 15_000;
/** Pages try again after this time. */
const RETRY_MILLISECONDS = 1000;

/**
 * `parts` with its version as the event's id; `beat` when the connection opens, and when nothing happens for a while. The
 * version that the page shows is the `Last-Event-ID` that it sends when it comes back, else `?seen=`.
 */
export function eventsOf(c: Context, topic: Topic, watcher: Watcher, pages: Pages): Response {
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
  const first = c.req.header('Last-Event-ID') ?? c.req.query('seen') ?? '';
  return streamSSE(c, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    await stream.writeSSE({ event: 'beat', data: '', retry: RETRY_MILLISECONDS });
    for (let seen = first; !gone.signal.aborted;) {
      const version = await watcher.change(topic, seen, BEAT_MILLISECONDS, gone.signal);
      if (version !== seen) await sleep(pages.rest(topic), undefined, { signal: gone.signal }).catch(() => undefined);
      if (gone.signal.aborted) return;
      const drawn = version === seen ? null : pages.drawn(topic);
      if (drawn === null) await stream.writeSSE({ event: 'beat', data: '' });
      else await stream.writeSSE({ event: 'parts', id: drawn.version, data: drawn.main });
      seen = drawn?.version ?? version;
    }
  });
}
