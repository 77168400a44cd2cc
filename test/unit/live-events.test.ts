/** Pages are drawn once per version, and listeners are told of what other connections commit. */
import { connect } from 'node:net';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore, type Store } from '../../db/open-store.js';
import { closeRun, openRun } from '../../db/runs.js';
import { closeSearch, openSearch } from '../../db/searches.js';
import { createApp } from '../../live/app.js';
import { listen } from '../../live/listen.js';
import { keepPages, type Pages } from '../../live/pages.js';
import { versionOf, type Topic } from '../../live/topics.js';
import { watchStore, type Watcher } from '../../live/watch.js';
import { folder, makeSearch, path, run, steps, store } from './store-fixture.js';

const search = (id: string): Topic => ({ kind: 'search', id });
const LIST: Topic = { kind: 'list' };
const never = new AbortController().signal;

let reader: Store;
let watcher: Watcher;
let pages: Pages;
let draws: string[];
let slow = 0;
let padding = '';
beforeEach(() => {
  [draws, slow, padding] = [[], 0, ''];
  reader = openStore(path, { readonly: true });
  watcher = watchStore(reader);
  pages = keepPages(reader, (_, topic) => {
    const name = topic.kind === 'list' ? 'list' : topic.id;
    draws.push(name);
    const until = performance.now() + slow;
    while (performance.now() < until);
    return { page: () => name, main: `${name} ${draws.length}${padding}` };
  });
});
afterEach(() => {
  reader.$client.close();
});

const fail = (id: string): void => closeSearch(store, id, { status: 'failed', message: 'm' });

describe('versions', () => {
  test('change with every stage of a search, and with nothing of another one', () => {
    const request = makeSearch('s');
    expect(versionOf(reader, search('s'))).toBe('');
    openSearch(store, request);
    const seen = [versionOf(reader, search('s'))];
    run(request, 'calibration', [steps(1), steps(0.9)], 0);
    seen.push(versionOf(reader, search('s')));
    run(request, 'select', [steps(1)], 0);
    seen.push(versionOf(reader, search('s')));
    openSearch(store, makeSearch('other'));
    expect(versionOf(reader, search('s'))).toBe(seen.at(-1));
    fail('s');
    seen.push(versionOf(reader, search('s')));
    expect(new Set(seen).size).toBe(4);
  });

  test('of a table and of the list', () => {
    const table: Topic = { kind: 'table', id: 't' };
    expect(versionOf(reader, table)).toBe('');
    const seen = [versionOf(reader, LIST)];
    openRun(store, { id: 't', kind: 'evaluate', name: 't', spec: {} });
    seen.push(versionOf(reader, LIST));
    const before = versionOf(reader, table);
    closeRun(store, 't', { status: 'finished', result: { rows: [] } });
    seen.push(versionOf(reader, LIST));
    expect(versionOf(reader, table)).not.toBe(before);
    expect(new Set(seen).size).toBe(3);
  });
});

describe('the watcher', () => {
  test('tells at once what was committed before, and later what another connection commits', async () => {
    openSearch(store, makeSearch('s'));
    const first = await watcher.change(search('s'), '', 10_000, never);
    expect(first).not.toBe('');
    const later = watcher.change(search('s'), first, 10_000, never);
    const list = watcher.change(LIST, versionOf(reader, LIST), 10_000, never);
    fail('s');
    expect(await later).not.toBe(first);
    await list;
    expect(watcher.waiting()).toBe(0);
  });

  test('does not wake for another search, gives up in time, and when told to', async () => {
    openSearch(store, makeSearch('s'));
    const version = versionOf(reader, search('s'));
    const late = watcher.change(search('s'), version, 600, never);
    openSearch(store, makeSearch('other'));
    expect(await late).toBe(version);
    const stopped = new AbortController();
    const waiting = watcher.change(search('s'), version, 60_000, stopped.signal);
    stopped.abort();
    expect(await waiting).toBe(version);
    expect(await watcher.change(search('s'), version, 60_000, stopped.signal)).toBe(version);
    expect(watcher.waiting()).toBe(0);
  });
});

describe('pages', () => {
  test('are drawn once per version', () => {
    openSearch(store, makeSearch('s'));
    const first = pages.drawn(search('s'));
    expect(pages.drawn(search('s'))).toBe(first);
    fail('s');
    expect(pages.drawn(search('s'))).toMatchObject({ main: 's 2' });
    expect(pages.drawn(search('none'))).toBeNull();
    expect(draws).toEqual(['s', 's']);
  });

  test('rest for a multiple of the time that drawing them took', () => {
    openSearch(store, makeSearch('s'));
    slow = 300;
    expect(pages.rest(search('s'))).toBe(0);
    pages.drawn(search('s'));
    expect(pages.rest(search('s'))).toBeGreaterThan(400);
  });

  test('of a few topics are kept', () => {
    for (let i = 0; i < 30; i += 1) openSearch(store, makeSearch(`s${i}`));
    for (let i = 0; i < 30; i += 1) pages.drawn(search(`s${i}`));
    pages.drawn(search('s29'));
    expect(draws).toHaveLength(30);
    pages.drawn(search('s0'));
    expect(draws).toHaveLength(31);
  });
});

describe('events', () => {
  let server: Server;
  let port: number;
  beforeEach(async () => {
    const app = createApp({ port: () => port, pages, watcher, artefacts: join(folder, 'artefacts') });
    ({ server, port } = await listen(app, [0]));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Events as they come. */
  async function* eventsOf(address: string, headers: Record<string, string> = {}) {
    const answer = await fetch(`http://127.0.0.1:${port}${address}`, { headers });
    expect(answer.headers.get('Content-Type')).toContain('text/event-stream');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body!) {
      const searched = Math.max(0, text.length - 1);
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      for (let end = text.indexOf('\n\n', searched); end !== -1; end = text.indexOf('\n\n')) {
        const fields = text
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(/: (.*)/s) as [string, string]);
        text = text.slice(end + 2);
        yield Object.fromEntries(fields) as { event: string; data: string; id?: string };
      }
    }
  }
  type Events = ReturnType<typeof eventsOf>;
  const parts = async (events: Events): Promise<{ data: string; id?: string }> => {
    for (;;) {
      const { value } = await events.next();
      if (value?.event === 'parts') return value;
    }
  };

  test('give the parts first where the page shows nothing, then whenever they change', async () => {
    openSearch(store, makeSearch('s'));
    const events = eventsOf('/searches/s/events');
    expect((await events.next()).value?.event).toBe('beat');
    const first = await parts(events);
    expect(first.data).toBe('s 1');
    expect(first.id).toBe(versionOf(reader, search('s')));
    fail('s');
    expect((await parts(events)).data).toBe('s 2');
    await events.return(undefined);
  });

  test('start with the version that a page shows, or had when it lost the connection', async () => {
    openSearch(store, makeSearch('s'));
    const shown = versionOf(reader, search('s'));
    fail('s');
    const known = versionOf(reader, search('s'));
    for (const [seen, last, expected] of [
      [shown, undefined, 's 1'],
      [known, shown, 's 1'],
      [shown, known, undefined],
    ] as const) {
      const events = eventsOf(
        `/searches/s/events?seen=${encodeURIComponent(seen)}`,
        last === undefined ? {} : { 'Last-Event-ID': last },
      );
      await events.next();
      const next = parts(events);
      const got = await Promise.race([next, sleep(700)]);
      expect(got === undefined ? undefined : got.data).toBe(expected);
      if (got === undefined) {
        openSearch(store, makeSearch('s')); // so that it ends
        await next;
      }
      await events.return(undefined);
    }
  });

  test('of a search that is not there yet begin when it is', async () => {
    const events = eventsOf('/searches/s/events');
    await events.next();
    const next = parts(events);
    openSearch(store, makeSearch('s'));
    expect((await next).data).toBe('s 1');
    await events.return(undefined);
  });

  test('nobody listens any more when the page has gone', async () => {
    const events = eventsOf('/events');
    await parts(events);
    while (watcher.waiting() === 0) await sleep(10);
    await events.return(undefined);
    while (watcher.waiting() > 0) await sleep(10);
    expect(watcher.waiting()).toBe(0);
  });

  test('a page that does not read does not pile them up, nor keep others waiting', async () => {
    openSearch(store, makeSearch('s'));
    padding = ' '.repeat(8e6); // more than sockets hold
    const slowPage = connect(port, '127.0.0.1');
    slowPage.write(`GET /searches/s/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    slowPage.pause();
    const events = eventsOf('/searches/s/events');
    for (let i = 1; i <= 5; i += 1) {
      expect((await parts(events)).data.trim()).toBe(`s ${i}`);
      if (i % 2 === 0) openSearch(store, makeSearch('s'));
      else fail('s');
    }
    await events.return(undefined);
    const got: string[] = [];
    let end = '';
    slowPage.on('data', (chunk) => {
      const text = end + chunk.toString('latin1');
      got.push(...(/data: (s \d)/.exec(text)?.slice(1) ?? []));
      end = text.slice(1 - 'data: s 1'.length);
    });
    slowPage.resume();
    while (got.at(-1) !== 's 6') await sleep(10);
    slowPage.destroy();
    expect(got.length).toBeLessThanOrEqual(4); // one on its way, and one behind it
  });

  test('paths outside of the pages do not leave them', async () => {
    for (const target of ['/../qsched.db', '/images/../../qsched.db', '//etc/passwd', '/searches/../../qsched.db']) {
      const text = await new Promise<string>((done) => {
        const socket = connect(port, '127.0.0.1');
        let got = '';
        socket.on('data', (chunk) => {
          got += chunk.toString('utf8');
        });
        socket.on('close', () => done(got));
        socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
      });
      expect(text).toMatch(/^HTTP\/1\.1 40[04]/);
    }
  });
});

describe('ports', () => {
  test('the first that is free is used; without any it is an error', async () => {
    const app = createApp({ port: () => 0, pages, watcher, artefacts: folder });
    const one = await listen(app, [0]);
    const two = await listen(app, [one.port, 0]);
    expect(two.port).not.toBe(one.port);
    await expect(listen(app, [one.port, two.port])).rejects.toThrow('EADDRINUSE');
    for (const { server } of [one, two]) server.close();
  });
});
