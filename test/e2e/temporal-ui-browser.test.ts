/** The Temporal UI in a real browser: the details of a search and of an evaluation, and the columns of the list. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser } from './browser.js';
import { cleanUp, newDataFolder, runCli, startCli, startUp, untilScored } from './harness.js';

const SMALL = '--steps 2 --count 8 --noise-seed 0 --select-count 4 --confirm-count 8'.split(' ');
const WITHIN = { timeout: 60_000 };
/** Where screenshots go; nowhere by default. */
const SCREENSHOTS = process.env['QSCHED_SCREENSHOTS'];
/** Markdown is drawn in a frame whose address holds it: the one with a table. */
const DETAILS = 'iframe[src*="---"]';
/** The UI keeps the columns of a namespace in the browser. */
const COLUMNS = [
  'Status',
  'Workflow ID',
  'QschedStatus',
  'QschedModel',
  'QschedPrecision',
  'QschedSteps',
  'QschedStage',
  'QschedTrials',
  'QschedBestScore',
  'QschedGain',
  'QschedRecommend',
];

const data = newDataFolder();
let browser: Browser;
let ui: string;
beforeAll(async () => {
  browser = await openBrowser();
  const up = await startUp(data);
  [, ui] = /UI at (http:\/\/[\d.:]+)/.exec(up.stderr())! as unknown as [string, string];
});
afterAll(async () => {
  await browser.close();
  await cleanUp();
});

async function shot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

async function opened(address: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  await page.addInitScript(
    `localStorage.setItem('namespace-workflow-table-columns', ${JSON.stringify(
      JSON.stringify({ default: COLUMNS.map((label) => ({ label })) }),
    )})`,
  );
  await page.goto(address);
  return page;
}

/** The current details, which the UI shows in a frame. It asks a worker once, and shows nothing if that takes too long. */
async function detailsOf(page: Page): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    const shown = page.locator(DETAILS).last().waitFor({ timeout: 15_000 });
    const missing = await shown.then(() => null).catch((error: unknown) => error);
    if (missing === null) break;
    if (tries === 5) throw missing;
    await page.reload();
  }
  const frame = page.frameLocator(DETAILS).last().locator('body');
  await frame.getByRole('table').first().waitFor(WITHIN);
  return frame.innerText();
}

describe('the Temporal UI', () => {
  it('shows where a search is, at the address that the command line prints', async () => {
    // It is paused while it is looked at, and stopped long before its budget is spent.
    const search = startCli(['search', '--id', 'watched', '--budget', '2000', '--model', 'shapes', ...SMALL], data);
    const [, address] = await search.says(/watch it: (\S+)/);
    expect(address).toMatch(/\/workflows\/watched\/[\w-]+\/user-metadata$/);
    await untilScored(data, 5, search);
    expect(await runCli(['pause', 'watched'], data)).toMatchObject({ code: 0 });
    const page = await opened(address!);
    const text = await detailsOf(page);
    for (const row of [
      'stage',
      'candidates',
      'baseline',
      'best so far',
      'gain on the calibration prompts',
      'c^x per step',
    ]) {
      expect(text).toContain(row);
    }
    expect(text).toMatch(/Paused.*shapes w4a8, 2 steps/);
    expect(text).toMatch(/of 2000/);
    expect(text).toContain('npx qsched unpause watched');
    const link = page
      .frameLocator(DETAILS)
      .last()
      .getByRole('link', { name: /live page/ });
    expect(await link.getAttribute('href')).toMatch(/\/searches\/watched$/);
    await shot(page, 'temporal-search-paused');
    expect(await runCli(['stop', 'watched'], data)).toMatchObject({ code: 0 });
    const { code, stderr } = await search.result;
    expect(code, stderr).toBe(0);
    const after = await opened(address!);
    const verdict = await detailsOf(after);
    expect(verdict).toMatch(/held-out \(8 prompts\)/);
    expect(verdict).toMatch(/c\^eps per step/);
    await shot(after, 'temporal-search-verdict');
    await after.goto(address!.replace('user-metadata', 'history'));
    await after
      .getByText(/generation 1, candidates 1-/)
      .first()
      .waitFor(WITHIN);
    await shot(after, 'temporal-search-history');
  });

  it('shows the table of an evaluation, and lists both with columns', async () => {
    const args = ['evaluate', '--model', 'shapes', '--steps', '2', '--precision', 'fp32,w4a8', '--count', '8'];
    const evaluation = startCli(args, data);
    const [, address] = await evaluation.says(/watch it: (\S+)/);
    const { code, stderr } = await evaluation.result;
    expect(code, stderr).toBe(0);
    const page = await opened(address!);
    const table = await detailsOf(page);
    expect(table).toContain('shapes w4a8, 2 steps');
    expect(table).toContain('objective');
    await shot(page, 'temporal-evaluation');

    const list = await opened(`${ui}/namespaces/default/workflows`);
    await list.setViewportSize({ width: 1900, height: 700 });
    await list.getByRole('link', { name: 'watched' }).first().waitFor(WITHIN);
    const row = await list.getByRole('row').filter({ hasText: 'watched' }).innerText();
    for (const value of ['finished', 'shapes', 'w4a8']) expect(row).toContain(value);
    expect(row).toMatch(/calibrated|identity|none/);
    await shot(list, 'temporal-list');
  });
});
