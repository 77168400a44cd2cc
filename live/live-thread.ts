/**
 * The live thread: an HTTP server on loopback that reads the database, and never writes.
 */
import { workerData } from 'node:worker_threads';
import { openStore } from '../db/open-store.js';
import { serveThread } from '../threads/thread-server.js';
import { createApp } from './app.js';
import { drawFrom } from './draw.js';
import { listen } from './listen.js';
import type { LiveJobs, LiveThreadData } from './live-messages.js';
import { keepPages } from './pages.js';
import { watchStore } from './watch.js';

const { databasePath, artefacts } = workerData as LiveThreadData;
let port = 0;

serveThread<LiveJobs>({
  async listen({ ports }) {
    const store = openStore(databasePath, { readonly: true });
    const pages = keepPages(store, drawFrom(artefacts));
    const app = createApp({ port: () => port, pages, watcher: watchStore(store), artefacts });
    ({ port } = await listen(app, ports));
    return port;
  },
  serve: () => new Promise<never>(() => undefined),
});
