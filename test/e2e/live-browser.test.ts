/** The live page in a real browser: it follows a running search, and a server that was killed. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeSearch } from '../../bench/made-search.js';
import { openStore } from '../../db/open-store.js';
import { openRun } from '../../db/runs.js';
import { startLive } from '../../live/live-client.js';
import { livePageOf, readLiveRecord } from '../../live/live-record.js';
import { openBrowser } from './browser.js';
import { cleanUp, gone, killGroup, newDataFolder, runCli, startCli, startUp, untilScored } from './harness.js';

const SMALL = [
  '--model',
  'shapes',
  '--count',
  '6',
  '--select-count',
  '4',
  '--confirm-count',
  '10',
  '--control',
  'none',
];
const WITHIN = { timeout: 120_000 };
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterEach(cleanUp);
afterAll(async () => {
  await browser.close();
});

/** A page, what it complains of, and a mark that a reload would remove. */
async function openPage(
  address: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; problems: string[]; marked: () => Promise<boolean> }> {
  const page = await browser.newPage(options);
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(address).origin) && !request.url().startsWith('data:')) {
      problems.push(`asks for ${request.url()}`);
    }
  });
  await page.goto(address);
  await page.evaluate('globalThis.mark = true');
  return { page, problems, marked: () => page.evaluate('globalThis.mark === true') };
}

const LIVE = /live page of its searches: (\S+)/;
const liveOf = (stderr: string): string => LIVE.exec(stderr)![1]!;
/** What Chromium says of a connection that it has lost or cannot make. */
const BROWSERS_OWN = /net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)/;

/** A page of a database in which a search with such an id runs; nobody scores it. */
async function serveMade(id: string) {
  const data = newDataFolder();
  mkdirSync(data);
  const databasePath = join(data, 'qsched.db');
  const store = openStore(databasePath);
  makeSearch(store, { id, trials: 12, prompts: 2, heldOut: 2, images: null, until: 'calibration' });
  const live = await startLive({ folder: data, databasePath, artefacts: data, say: () => undefined });
  return { live, store, address: livePageOf(data, id)! };
}

const HOSTILE = '<img src=x onerror=alert(1)>"\'/../ \u202eשלום 🎨'.repeat(6);

describe('the list', () => {
  test('is accessible, fits a narrow screen, and shows any name as text', async () => {
    const { live, store } = await serveMade(HOSTILE);
    openRun(store, { id: 'a-table', kind: 'study', name: HOSTILE, spec: {} });
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, problems } = await openPage(live.address, { colorScheme, viewport: { width: 360, height: 740 } });
      expect(await page.getByRole('link', { name: HOSTILE }).count()).toBe(2);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      await page.evaluate(AXE);
      const found = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`);
      const grave = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      expect(grave.map((one) => [one.id, one.nodes[0]?.html.slice(0, 300)])).toEqual([]);
      await page.getByRole('link', { name: HOSTILE }).first().click();
      await page.locator('#p1-head').waitFor(WITHIN);
      expect(problems).toEqual([]);
      await page.close();
    }
    await live.stop();
    store.$client.close();
  });

  test('a page that nobody sees waits, and catches up when it is seen', async () => {
    const { live, store, address } = await serveMade('seen');
    const { page, problems } = await openPage(address);
    const best = (): Promise<string> => page.evaluate('document.querySelector("main").textContent');
    const setBest = (score: number): unknown =>
      store.$client.exec(
        `update trials set score = ${score}, updated_at = 'changed ${score}' where number = 5 and stage = 'calibration'`,
      );
    await page.getByText('Live', { exact: true }).waitFor(WITHIN);
    const become = (hidden: boolean): Promise<void> =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
         document.dispatchEvent(new Event('visibilitychange'));`,
      );
    await become(true);
    setBest(11.5);
    await sleep(1500);
    expect(await best()).not.toContain('11.5000');
    await become(false);
    await page
      .getByText('11.5000')
      .first()
      .waitFor({ state: 'attached', ...WITHIN });
    expect(problems).toEqual([]);
    await live.stop();
    store.$client.close();
  });
});

describe('the live page', () => {
  test('lists a search as it starts, and follows it to its verdict', async () => {
    const data = newDataFolder();
    const up = await startUp(data);
    await up.says(LIVE);
    const home = await openPage(liveOf(up.stderr()));
    await home.page.getByText('There are none yet').first().waitFor();
    // Long enough to be looked at; it is stopped then.
    const search = startCli(['search', '--id', 'followed', '--budget', '2000', ...SMALL], data);
    const [, address] = await search.says(/live page: (\S+)/);
    expect(address).toBe(`${liveOf(up.stderr())}/searches/followed`);
    await home.page.getByRole('link', { name: 'followed' }).waitFor(WITHIN);
    await home.page.getByRole('progressbar').waitFor(WITHIN);
    const { page, problems, marked } = await openPage(address!);
    await page.getByRole('progressbar').first().waitFor(WITHIN);
    expect(await page.locator('#p1-verdict').count()).toBe(0);
    await untilScored(data, 5, search);
    expect(await runCli(['stop', 'followed'], data)).toMatchObject({ code: 0 });
    await page.locator('#p1-verdict').waitFor(WITHIN);
    expect((await search.result).code).toBe(0);
    await page.getByRole('progressbar').waitFor({ state: 'detached', ...WITHIN });
    await home.page.getByText('finished', { exact: true }).waitFor(WITHIN);
    const shown = await page.evaluate<number>(
      "[...document.images].filter((one) => one.complete && one.naturalWidth > 0 && one.src.includes('/images/')).length",
    );
    expect(shown).toBeGreaterThan(1);
    expect(await marked()).toBe(true);
    expect(await home.marked()).toBe(true);
    expect([...problems, ...home.problems]).toEqual([]);
  });

  test('waits for a server that was killed, and catches up', async () => {
    const data = newDataFolder();
    const first = await startUp(data);
    await first.says(LIVE);
    const search = startCli(['search', '--id', 'cut', '--budget', '2000', ...SMALL], data);
    await search.says(/live page: \S+/);
    await untilScored(data, 3, search);
    const { page, problems, marked } = await openPage(`${liveOf(first.stderr())}/searches/cut`);
    const progress = page.getByRole('progressbar');
    const scored = async (): Promise<number> => Number(await progress.getAttribute('value'));
    await page.getByText('Live', { exact: true }).waitFor(WITHIN);
    // The search itself goes on in the server's database.
    killGroup(search.pid);
    killGroup(first.pid);
    await gone(first.pid);
    await page.getByText('Connection lost').waitFor(WITHIN);
    const before = await scored();
    const { port } = readLiveRecord(data)!;
    const again = await startUp(data);
    await again.says(LIVE);
    expect(liveOf(again.stderr())).toBe(`http://127.0.0.1:${port}`);
    await page.getByText('Live', { exact: true }).waitFor(WITHIN);
    while ((await scored()) <= before + 3) await sleep(100);
    expect(await marked()).toBe(true);
    expect(problems.filter((problem) => !BROWSERS_OWN.test(problem))).toEqual([]);
  });
});
