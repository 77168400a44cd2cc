/**
 * The addresses of the server.
 */
import { Hono, type Context } from 'hono';
import { eventsOf } from './events.js';
import { onlyLoopback, onlyReading, strictHeaders } from './guard.js';
import { pngOf } from './images.js';
import type { Pages } from './pages.js';
import { sentencePage } from './sentence-page.js';
import type { Topic } from './topics.js';
import type { Watcher } from './watch.js';

/** What the server serves. */
interface LiveApp {
  /** The port that it listens on. */
  readonly port: () => number;
  readonly pages: Pages;
  readonly watcher: Watcher;
  /** The artefact folder. */
  readonly artefacts: string;
}

const IMMUTABLE = 'private, max-age=31536000, immutable';

/** @returns an app; what it does not know is answered with a page in words */
export function createApp({ port, pages, watcher, artefacts }: LiveApp): Hono {
  const app = new Hono();
  app.use(strictHeaders, onlyLoopback(port), onlyReading);
  app.get('/', (c) => pageOf(c, { kind: 'list' }, ''));
  app.get('/events', (c) => eventsOf(c, { kind: 'list' }, watcher, pages));
  for (const [path, kind] of [
    ['/searches', 'search'],
    ['/tables', 'table'],
  ] as const) {
    app.get(`${path}/:id`, (c) => {
      const id = c.req.param('id');
      return pageOf(c, { kind, id }, `${path}/${encodeURIComponent(id)}`);
    });
    app.get(`${path}/:id/events`, (c) => eventsOf(c, { kind, id: c.req.param('id') }, watcher, pages));
  }
  app.get('/images/:name{[0-9a-f]{64}\\.png}', (c) => {
    const bytes = pngOf(artefacts, c.req.param('name').slice(0, -'.png'.length));
    if (bytes === undefined) return notFound(c, 'This image is not in the artefact folder of this machine.');
    return c.body(bytes, 200, { 'Content-Type': 'image/png', 'Cache-Control': IMMUTABLE });
  });
  app.notFound((c) => notFound(c, 'There is no such page.'));
  app.onError((error, c) => c.html(sentencePage('This page cannot be shown', error.message), 500));
  return app;

  /** A search that is printed as started is in the database a moment later: its page waits for it. */
  function pageOf(c: Context, topic: Topic, path: string): Response | Promise<Response> {
    const drawn = pages.drawn(topic);
    if (drawn !== null) return c.html(drawn.page(`${path}/events?seen=${encodeURIComponent(drawn.version)}`));
    const id = topic.kind === 'list' ? '' : topic.id;
    const sentence = `There is no ${topic.kind} "${id}" in this database yet. This page changes when there is one.`;
    return c.html(sentencePage('Not found', sentence, `${path}/events`), 404);
  }
}

const notFound = (c: Context, sentence: string): Response | Promise<Response> =>
  c.html(sentencePage('Not found', sentence), 404);
