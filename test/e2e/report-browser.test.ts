/** The report of a real search in a real browser without a network: it works, by keyboard too, and shows what is stored. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../report/documents/report-document.js';
import { renderReport } from '../../report/page/render-report.js';
import { HOSTILE_PROMPTS, madeReport, madeSearch, madeTable } from '../fixtures/report-document.js';
import { openBrowser } from './browser.js';
import { cleanUp, newDataFolder, runCli, runJson } from './harness.js';

/** Without races, so that every candidate has both terms and the front is more than one. */
const SEARCH =
  'search --model shapes --steps 2 --optimizer random --budget 16 --racing off --count 3 --noise-seed 0 --select-count 4 --finalists 2 --confirm-count 14 --control evaluate';
const MINUTES = 60_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let report: ReportDocument;
let [real, hostile, several] = ['', '', ''];

beforeAll(async () => {
  browser = await openBrowser();
  const data = newDataFolder();
  await succeed(SEARCH.split(' '), data);
  real = join(data, 'report.html');
  await succeed(['report', '--output', real], data);
  report = await runJson<ReportDocument>(['report'], data);
  const write = (name: string, document: ReportDocument): string => {
    writeFileSync(join(data, name), renderReport(document));
    return join(data, name);
  };
  hostile = write('hostile.html', madeReport(madeSearch({ prompts: HOSTILE_PROMPTS, images: 6 })));
  several = write(
    'several.html',
    madeReport(madeSearch(), { ...madeSearch({ trials: 80 }), verdict: null }, madeTable()),
  );
}, 5 * MINUTES);

afterAll(async () => {
  await browser?.close();
  await cleanUp();
});

async function succeed(args: readonly string[], data: string): Promise<void> {
  const { code, stderr } = await runCli(args, data);
  if (code !== 0) throw new Error(`qsched ${args.join(' ')}: exit code ${code}\n${stderr}`);
}

interface Opened {
  readonly page: Page;
  /** What the browser complained of, and what the page asked for beyond itself. */
  readonly problems: readonly string[];
}

/** Opens a file where no network can be reached. */
async function open(path: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options, offline: true });
  const page = await context.newPage();
  const address = pathToFileURL(path).href;
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) problems.push(`asks for ${request.url()}`);
  });
  await page.goto(address);
  return { page, problems };
}

const unfold = (page: Page): Promise<unknown> =>
  page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true`);
const widthOf = (page: Page): Promise<number> => page.evaluate<number>('document.documentElement.scrollWidth');
const search = () => {
  const [part] = report.parts;
  if (part?.kind !== 'search') throw new Error('The report is not one of a search.');
  return part;
};

describe('the report of a real search', () => {
  it('opens from disk, asks for nothing, and has nothing to complain of', async () => {
    const { page, problems } = await open(real);
    expect(await page.title()).toBe('shapes w4a8 - qsched');
    const shown = await page.locator('.hero').textContent();
    expect(
      search()
        .verdict?.headline.split(/[:.] /)
        .every((words) => shown?.includes(words)),
    ).toBe(true);
    const broken = `[...document.images].filter((image) => !image.complete || image.naturalWidth === 0).length`;
    await unfold(page);
    await expect.poll(() => page.evaluate(broken)).toBe(0);
    expect(await page.locator('.triple').count()).toBe(12);
    expect(await page.locator('.triple figure.reference img').count()).toBe(12);
    expect(problems).toEqual([]);
  });

  it('compares two images by keyboard', async () => {
    const { page, problems } = await open(real);
    const slider = page.getByRole('slider', { name: 'Divider between baseline and finalist' }).first();
    const parts = (): Promise<string[]> =>
      page.evaluate(
        `['before', 'after'].map((name) => getComputedStyle(document.querySelector('.stage .' + name)).clipPath)`,
      );
    await slider.focus();
    const middle = await parts();
    await page.keyboard.press('Home');
    expect(await slider.getAttribute('aria-valuetext')).toBe('0 % baseline, 100 % finalist');
    const left = await parts();
    await page.keyboard.press('End');
    const right = await parts();
    expect(new Set([...middle, ...left, ...right]).size).toBeGreaterThanOrEqual(5);
    await page.keyboard.press('ArrowLeft');
    expect(await slider.getAttribute('aria-valuetext')).toBe('99 % baseline, 1 % finalist');
    expect(problems).toEqual([]);
  });

  it('compares with full precision too, by keyboard', async () => {
    const { page, problems } = await open(real);
    const choice = page.getByRole('combobox', { name: 'Images that the divider is between' }).first();
    const sources = (): Promise<string[]> =>
      page.evaluate("[...document.querySelectorAll('.stage')[0].querySelectorAll('img')].map((image) => image.src)");
    const kinds = (...names: string[]): Promise<string[]> =>
      page.evaluate(
        `${JSON.stringify(names)}.map((name) => document.querySelector('.triple figure.' + name + ' img').src)`,
      );
    expect(await sources()).toEqual(await kinds('identity', 'calibrated'));
    await choice.focus();
    await page.keyboard.press('ArrowDown');
    expect(await sources()).toEqual(await kinds('calibrated', 'reference'));
    await page.keyboard.press('ArrowDown');
    expect(await sources()).toEqual(await kinds('identity', 'reference'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Home');
    const slider = page.getByRole('slider', { name: 'Divider between baseline and full precision' }).first();
    expect(await slider.getAttribute('aria-valuetext')).toBe('0 % baseline, 100 % full precision');
    expect(problems).toEqual([]);
  });

  it('chooses another candidate at another k, by keyboard', async () => {
    const { page, problems } = await open(real);
    const { pareto } = search();
    const front = pareto!.points.filter((point) => point.front);
    const best = (k: number): number =>
      front.reduce((first, other) => (other.tc + k * other.iq > first.tc + k * first.iq ? other : first)).trial;
    const slider = page.locator('#p1-k');
    const chosen = async (): Promise<number> => {
      const marked = await page.locator('.drawing.wide circle.chosen').getAttribute('data-trial');
      const said = await page.locator('.weigh .trial').textContent();
      expect(said).toBe(marked === '0' ? 'the baseline' : `candidate ${marked}`);
      expect(await slider.getAttribute('aria-valuetext')).toContain(said);
      return Number(marked);
    };
    expect(await chosen()).toBe(best(pareto!.k!));
    await slider.focus();
    await page.keyboard.press('Home');
    expect(await chosen()).toBe(best(pareto!.k! / 100));
    await page.keyboard.press('End');
    expect(await chosen()).toBe(best(pareto!.k! * 100));
    expect(best(pareto!.k! / 100)).not.toBe(best(pareto!.k! * 100));
    expect(problems).toEqual([]);
  });

  it('copies the command that repeats it', async () => {
    const { page } = await open(real, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: 'Copy' }).first().press('Enter');
    await page.getByText('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(search().command);
  });

  it('shows everything without its script', async () => {
    const { page, problems } = await open(real, { javaScriptEnabled: false });
    expect(await page.locator('figure.identity img').first().isVisible()).toBe(true);
    expect(await page.locator('figure.calibrated img').first().isVisible()).toBe(true);
    expect(await page.locator('.compare:visible, .weigh:visible, button:visible').count()).toBe(0);
    expect(problems).toEqual([]);
  });

  it('prints', async () => {
    const { page, problems } = await open(real, { colorScheme: 'dark' });
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.length).toBeGreaterThan(50_000);
    expect(await page.evaluate(`[...document.querySelectorAll('details')].every((one) => one.open)`)).toBe(true);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.compare:visible, .weigh:visible, nav:visible').count()).toBe(0);
    expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(
      'rgb(255, 255, 255)',
    );
    expect(problems).toEqual([]);
  });

  it('moves nothing where that is asked for', async () => {
    const { page } = await open(real, { reducedMotion: 'reduce' });
    expect(await page.evaluate('getComputedStyle(document.documentElement).scrollBehavior')).toBe('auto');
  });
});

describe('every report', () => {
  const files = { 'of a search': () => real, 'with hostile prompts': () => hostile, 'of several parts': () => several };

  for (const [name, file] of Object.entries(files)) {
    it(`${name} fits into 360 pixels`, async () => {
      const { page, problems } = await open(file(), { viewport: { width: 360, height: 740 } });
      expect(await widthOf(page)).toBe(360);
      await unfold(page);
      expect(await widthOf(page)).toBe(360);
      expect(problems).toEqual([]);
    });

    for (const colorScheme of ['light', 'dark'] as const) {
      it(`${name} is accessible, contrast included, when it is ${colorScheme}`, async () => {
        const { page, problems } = await open(file(), { colorScheme });
        await unfold(page);
        await page.evaluate(AXE);
        const found = await page.evaluate<AxeResults>(`axe.run(document, { resultTypes: ['violations'] })`);
        const grave = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        expect(grave.map(({ id, nodes }) => [id, nodes[0]?.html.slice(0, 300)])).toEqual([]);
        expect(problems).toEqual([]);
      });
    }
  }
});

describe('hostile prompts', () => {
  it('are shown as text and do nothing', async () => {
    const { page, problems } = await open(hostile);
    expect(await page.title()).toBe('shapes w4a8 - qsched');
    const shown = await page.evaluate<string[]>(
      `[...document.querySelectorAll('#p1-images .prompt')].map((one) => one.textContent)`,
    );
    for (const prompt of HOSTILE_PROMPTS.slice(0, 3)) expect(shown).toContain(prompt);
    expect(shown.some((text) => text.includes('null␀byte'))).toBe(true);
    expect(problems).toEqual([]);
  });

  it('that are long open by keyboard', async () => {
    const { page } = await open(hostile);
    const details = page.locator('#p1-images details.prompt').first();
    await details.locator('summary').focus();
    expect(await details.locator('p').isVisible()).toBe(false);
    await page.keyboard.press('Enter');
    expect(await details.locator('p').textContent()).toBe(HOSTILE_PROMPTS[3]);
    expect(await details.locator('p').isVisible()).toBe(true);
  });
});

describe('images of the report', () => {
  it('are taken where QSCHED_SCREENSHOTS says', async () => {
    const asked = process.env['QSCHED_SCREENSHOTS'];
    const folder = asked ?? join(newDataFolder(), 'screenshots');
    mkdirSync(folder, { recursive: true });
    const sizes: number[] = [];
    for (const [name, width, colorScheme] of [
      ['report-light', 1280, 'light'],
      ['report-dark', 1280, 'dark'],
      ['report-narrow', 360, 'light'],
    ] as const) {
      const { page } = await open(real, { viewport: { width, height: 900 }, colorScheme, deviceScaleFactor: 2 });
      sizes.push((await page.screenshot({ path: join(folder, `${name}.png`) })).length);
      if (asked !== undefined) await page.screenshot({ path: join(folder, `${name}-whole.png`), fullPage: true });
    }
    expect(Math.min(...sizes)).toBeGreaterThan(20_000);
  });
});
