/** What the live server answers, and what it refuses. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { beforeEach, describe, expect, test } from 'vitest';
import { openArtefactFolder } from '../../artefacts/artefact-store.js';
import { encodeImage } from '../../artefacts/artefact-formats.js';
import { pathIn } from '../../artefacts/artefact-folder.js';
import { openRun } from '../../db/runs.js';
import { openSearch } from '../../db/searches.js';
import { createApp } from '../../live/app.js';
import { keepPages, type Draw } from '../../live/pages.js';
import { watchStore } from '../../live/watch.js';
import { folder, makeSearch, store } from './store-fixture.js';

const PORT = 8234;
const HOST = `127.0.0.1:${PORT}`;

let app: Hono;
const drawTopic: Draw = (_, topic) => {
  const name = topic.kind === 'list' ? 'list' : `${topic.kind} ${topic.id}`;
  if (name.endsWith('broken')) throw new Error('<b>broken</b>');
  return { page: (events) => `<p>${encodeURI(name)} ${events}</p>`, main: encodeURI(name) };
};

beforeEach(() => {
  const pages = keepPages(store, drawTopic);
  app = createApp({ port: () => PORT, pages, watcher: watchStore(store), artefacts: join(folder, 'artefacts') });
});

const get = async (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
  app.request(`http://${HOST}${path}`, { method, headers: { host: HOST, ...headers } });

const open = (id: string): unknown => openSearch(store, makeSearch(id));

describe('hosts', () => {
  test.each([HOST, `localhost:${PORT}`, `LOCALHOST:${PORT}`, `[::1]:${PORT}`])('%s is answered', async (host) => {
    expect((await get('/', { host })).status).toBe(200);
  });

  test.each([
    '',
    '127.0.0.1',
    'localhost',
    '127.0.0.1:80',
    `evil.example:${PORT}`,
    `127.0.0.1.evil.example:${PORT}`,
    `localhost.:${PORT}`,
    `127.0.0.2:${PORT}`,
    `0.0.0.0:${PORT}`,
    `evil@127.0.0.1:${PORT}`,
    `127.0.0.1:${PORT}, evil.example`,
    `<script>:${PORT}`,
  ])('"%s" is refused, for every address', async (host) => {
    open('s');
    for (const path of ['/', '/events', '/searches/s', '/searches/s/events', `/images/${'a'.repeat(64)}.png`, '/x']) {
      const answer = await get(path, { host });
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain('answers to http://127.0.0.1:8234 only');
    }
  });
});

describe('every answer', () => {
  test('has a strict policy, is not stored, and lets no other origin in', async () => {
    for (const path of ['/', '/searches/none', '/nothing', `/images/${'a'.repeat(64)}.png`]) {
      const { headers } = await get(path, { origin: 'http://evil.example' });
      const policy = headers.get('Content-Security-Policy')!;
      expect(policy).toMatch(/^default-src 'none'/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(policy).not.toContain('*');
      expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect(headers.get('Cross-Origin-Resource-Policy')).toBe('same-origin');
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('Cache-Control')).toBe('no-store');
    }
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is refused', async (method) => {
    for (const path of ['/', '/searches/s', '/events']) {
      const answer = await get(path, {}, method);
      expect(answer.status).toBe(405);
      expect(answer.headers.get('Allow')).toBe('GET, HEAD');
      expect(await answer.text()).toContain('Nothing can be changed here');
    }
  });

  test('HEAD is GET without a body; it follows no events', async () => {
    for (const path of ['/', '/events']) {
      const answer = await get(path, {}, 'HEAD');
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('');
    }
  });
});

describe('pages', () => {
  test('the list, a search and a table, each with the address of its events', async () => {
    open('s');
    openRun(store, { id: 't', kind: 'evaluate', name: 'a table', spec: {} });
    expect(await (await get('/')).text()).toMatch(/^<p>list \/events\?seen=/);
    expect(await (await get('/searches/s')).text()).toMatch(/^<p>search%20s \/searches\/s\/events\?seen=/);
    expect(await (await get('/tables/t')).text()).toMatch(/^<p>table%20t \/tables\/t\/events\?seen=/);
  });

  test.each([
    'a/b',
    '../s',
    '..%2f',
    'a?b#c',
    '"><script>alert(1)</script>',
    'שלום',
    'emoji 🎨',
    '%',
    'a'.repeat(2000),
  ])('a search may be called "%s"', async (id) => {
    open(id);
    const answer = await get(`/searches/${encodeURIComponent(id)}`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain(encodeURI(`search ${id}`));
    expect(text).toContain(`/searches/${encodeURIComponent(id)}/events`);
  });

  test('an unknown search is told in words, as text, with the events that tell when there is one', async () => {
    const answer = await get(`/searches/${encodeURIComponent('<script>alert(1)</script>')}`);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('Content-Type')).toContain('text/html');
    const text = await answer.text();
    expect(text).toContain('There is no search &quot;&lt;script>alert(1)&lt;/script>&quot; in this database yet.');
    expect(text).not.toContain('<script>alert');
    expect(text).toContain('data-events="/searches/%3Cscript%3Ealert(1)%3C%2Fscript%3E/events"');
  });

  test.each(['/x', '/searches', '/searches/', '/searches/s/x', '/images/', '/../../etc/passwd', '/%2e%2e/qsched.db'])(
    '%s is no page',
    async (path) => {
      open('s');
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain('There is no such page.');
    },
  );

  test('one that cannot be drawn is told in words', async () => {
    open('broken');
    const answer = await get('/searches/broken');
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('&lt;b>broken');
  });
});

describe('images', () => {
  const artefacts = () => openArtefactFolder(join(folder, 'artefacts'));
  const image = { width: 2, height: 1, data: Uint8Array.from([1, 2, 3, 4, 5, 6]) };

  test('are served by their hash, for good', async () => {
    const hash = artefacts().put(encodeImage(image));
    const answer = await get(`/images/${hash}.png`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('Content-Type')).toBe('image/png');
    expect(answer.headers.get('Cache-Control')).toContain('immutable');
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hash);
  });

  test('what is absent, damaged, or no image is not served, and nothing is removed', async () => {
    const table = artefacts().put(Buffer.from('qsfloat1'));
    const failed = artefacts().put(encodeImage({ failed: 'not finite' }));
    const damaged = 'd'.repeat(64);
    const path = pathIn(join(folder, 'artefacts'), 'objects', damaged);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, encodeImage(image));
    for (const hash of [table, failed, damaged, 'a'.repeat(64)]) {
      const answer = await get(`/images/${hash}.png`);
      expect(answer.status).toBe(404);
      expect(await answer.text()).toContain('not in the artefact folder');
    }
    expect((await import('node:fs')).existsSync(path)).toBe(true);
  });

  test.each([
    '..%2f..%2fqsched.db',
    'A'.repeat(64),
    `${'a'.repeat(63)}`,
    `${'a'.repeat(64)}.png`,
    `..%5c${'a'.repeat(64)}`,
  ])('no other name is looked for: %s', async (name) => {
    writeFileSync(join(folder, 'secret.png'), encodeImage(image));
    const answer = await get(`/images/${name}.png`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('There is no such page.');
  });
});
