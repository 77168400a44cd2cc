/** The live page on its own thread: its port, what it remembers, and that the database is not written. It runs compiled code. */
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openSearch } from '../../db/searches.js';
import { startLive, type Live } from '../../live/live-client.js';
import { liveHomeOf, livePageOf, readLiveRecord } from '../../live/live-record.js';
import { folder, makeSearch, path, store } from './store-fixture.js';

const started: Live[] = [];
const said: string[] = [];
let taken: Server | undefined;
afterEach(async () => {
  for (const live of started.splice(0)) await live.stop();
  taken?.close();
  said.length = 0;
});

async function start(port?: number): Promise<Live> {
  const live = await startLive({
    folder,
    databasePath: path,
    artefacts: join(folder, 'artefacts'),
    port,
    say: (line) => said.push(line),
  });
  started.push(live);
  return live;
}

/** A port that another program uses. */
const take = (): Promise<number> =>
  new Promise((done) => {
    taken = createServer().listen(0, '127.0.0.1', () => done((taken!.address() as { port: number }).port));
  });

test('serves pages of the database, and records where', async () => {
  openSearch(store, makeSearch('s'));
  const { address } = await start();
  expect(liveHomeOf(folder)).toBe(address);
  const home = await (await fetch(address)).text();
  expect(home).toContain('href="/searches/s"');
  const page = await fetch(livePageOf(folder, 's')!);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('data-events="/searches/s/events?seen=');
});

test('a port that is not free is told; the next start takes the remembered one', async () => {
  const first = await start();
  await first.stop();
  expect(liveHomeOf(folder)).toBeNull();
  const again = await start();
  expect(again.address).toBe(first.address);
  const { port } = readLiveRecord(folder)!;
  const other = await startLive({
    folder,
    databasePath: path,
    artefacts: folder,
    say: (line) => said.push(line),
  });
  started.push(other);
  expect(other.address).not.toBe(again.address);
  expect(said.at(-1)).toBe(`port ${port} is taken; the live page is at ${other.address}`);
});

test('a port that was asked for is had or refused', async () => {
  const port = await take();
  await expect(start(port)).rejects.toThrow(
    expect.objectContaining({
      code: 'usage',
      message: `--live-port ${port} cannot be used: another program uses it.`,
    }),
  );
  expect(readLiveRecord(folder)).toBeNull();
});

test('nothing is written to the database, and a search can be opened meanwhile', async () => {
  openSearch(store, makeSearch('s'));
  const { address } = await start();
  const before = store.$client.pragma('data_version', { simple: true });
  for (const page of ['', '/searches/s', '/searches/none', '/tables/none']) await fetch(`${address}${page}`);
  expect(store.$client.pragma('data_version', { simple: true })).toBe(before);
  openSearch(store, makeSearch('later'));
  expect(await (await fetch(address)).text()).toContain('href="/searches/later"');
});
