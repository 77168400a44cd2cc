/** The page of a report: what is in it, and what must not be. */
import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { reportDocument } from '../../report/documents/report-document.js';
import { renderPage, renderParts, renderReport } from '../../report/page/render-report.js';
import { HOSTILE_PROMPTS, madeReport, madeSearch, madeTable } from '../fixtures/report-document.js';

interface PageElement {
  readonly textContent: string;
  readonly attributes: Iterable<{ readonly name: string }>;
  getAttribute(name: string): string | null;
}
interface PageDocument {
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

const parsed = (html: string): PageDocument => parseHTML(html).document as unknown as PageDocument;
const texts = (page: PageDocument, selector: string): string[] =>
  [...page.querySelectorAll(selector)].map(({ textContent }) => textContent);
const policyOf = (page: PageDocument): string =>
  page.querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute('content') ?? '';
const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const inlined = (html: string, tag: string): string => new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html)?.[1] ?? '';

describe('a report', () => {
  const report = madeReport(madeSearch({ pixels: 64 }));
  const html = renderReport(report);
  const page = parsed(html);

  it('is made of a document that fits its schema', () => {
    expect(reportDocument.parse(report)).toEqual(report);
  });

  it('shows the verdict first, then everything else that a search has', () => {
    expect(texts(page, 'h1')).toEqual(['shapes w4a8']);
    expect(texts(page, 'h2')).toEqual([
      'Verdict',
      'Images',
      'Coefficients',
      'History',
      'Surface',
      'Prompts',
      'Text against quality',
      'Importance of the coordinates',
      'Time',
      'Provenance',
    ]);
    expect(texts(page, '.hero .figure')).toEqual(['+0.273']);
    expect(texts(page, '.repair > p')[0]).toMatch(/^56 % of the gain repairs what quantisation took/);
  });

  it('links to every section, and to nothing else', () => {
    const ids = new Set([...page.querySelectorAll('[id]')].map((one) => one.getAttribute('id')));
    const targets = [...page.querySelectorAll('a')].map((one) => one.getAttribute('href'));
    expect(targets.length).toBeGreaterThan(9);
    expect(targets.filter((target) => !ids.has(target?.slice(1) ?? ''))).toEqual([]);
    expect(ids.size).toBe([...page.querySelectorAll('[id]')].length);
  });

  it('names in its policy what it has inlined, and no more', () => {
    expect(policyOf(page)).toBe(
      `default-src 'none'; script-src ${sha256(inlined(html, 'script'))}; style-src ${sha256(inlined(html, 'style'))}; ` +
        "img-src data:; base-uri 'none'; form-action 'none'",
    );
    expect([...page.querySelectorAll('script, style')]).toHaveLength(3);
    const handlers = [...page.querySelectorAll('*')].flatMap(({ attributes }) =>
      [...attributes].filter(({ name }) => name === 'style' || name.startsWith('on')),
    );
    expect(handlers).toEqual([]);
  });

  it('reaches nothing', () => {
    const sources = [...page.querySelectorAll('[src], link, image')].map(
      (one) => one.getAttribute('src') ?? one.getAttribute('href') ?? '',
    );
    expect(sources.length).toBeGreaterThan(30);
    expect(sources.filter((source) => !source.startsWith('data:image/'))).toEqual([]);
    expect(inlined(html, 'style')).not.toMatch(/url\(|@import/);
  });

  it('is at most 3 MB with 12 prompts', () => {
    expect([...page.querySelectorAll('.triple')]).toHaveLength(12);
    expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
  });

  it('describes every chart in words', () => {
    const charts = [...page.querySelectorAll('svg.plot')];
    expect(charts.length).toBeGreaterThan(12);
    for (const chart of charts) {
      expect(chart.getAttribute('role')).toBe('img');
      expect(chart.getAttribute('aria-label')).toMatch(/\w/);
    }
    expect(texts(page, 'svg.plot > desc').filter((text) => text.length < 10)).toEqual([]);
    expect(texts(page, 'svg.plot > desc')).toHaveLength(charts.length);
  });

  it('says which image is missing and why', () => {
    expect(texts(page, '.missing')).toEqual([
      'The image lies on the worker gpu-3, whose artefact folder is not shared.',
    ]);
    expect(texts(page, '#p1-images > .lead')[0]).toContain('1 image of 36 cannot be shown here');
  });
});

describe('a search of thousands of candidates', () => {
  const html = renderReport(madeReport(madeSearch({ trials: 2500 })));

  it('leaves most of 3 MB to its images', () => {
    expect(html.replace(/ (src|href)="data:[^"]*"/g, '').length).toBeLessThan(700_000);
  });

  it('has a dot for each of them', () => {
    const page = parsed(html);
    const dots = [...page.querySelectorAll('#p1-history .wide path')]
      .map((path) => path.getAttribute('d') ?? '')
      .filter((d) => d.includes('h0'));
    expect(dots).toHaveLength(1);
    expect(dots[0]!.split('M').length).toBeGreaterThan(1500);
  });
});

describe('prompts from anywhere', () => {
  const html = renderReport(madeReport(madeSearch({ prompts: HOSTILE_PROMPTS, images: 6 })));
  const page = parsed(html);

  it('are text', () => {
    expect([...page.querySelectorAll('script')]).toHaveLength(2);
    expect([...page.querySelectorAll('img')].filter((image) => image.getAttribute('src') === 'x')).toEqual([]);
    expect(texts(page, '.prompt')).toContain(HOSTILE_PROMPTS[0]);
    expect(texts(page, '.prompt')).toContain(HOSTILE_PROMPTS[1]);
  });

  it('have their own direction', () => {
    const right = [...page.querySelectorAll('span.prompt')].filter(({ textContent }) => textContent.includes('תמונה'));
    expect(right.length).toBeGreaterThan(0);
    expect(right.map((one) => one.getAttribute('dir')).filter((direction) => direction !== 'auto')).toEqual([]);
  });

  it('are opened when they are long, and whole then', () => {
    const long = [...page.querySelectorAll('details.prompt > p')].map(({ textContent }) => textContent);
    expect(new Set(long)).toEqual(new Set([HOSTILE_PROMPTS[3]]));
    expect(texts(page, 'details.prompt > summary > span').filter((start) => start.length > 180)).toEqual([]);
  });

  it('show control characters as symbols', () => {
    expect(html.includes('\u0000') || html.includes('\u0007')).toBe(false);
    expect(texts(page, '.prompt').filter((text) => text.startsWith('null␀byte, bell␇'))).not.toEqual([]);
  });
});

describe('the data of the k slider', () => {
  it('is the front, whatever is written in it', () => {
    const search = madeSearch();
    const front = search.pareto?.points.filter((point) => point.front).map(({ trial }) => trial);
    const page = parsed(renderReport(madeReport(search)));
    const json = JSON.parse(texts(page, 'script[type="application/json"]')[0] ?? '') as { points: { trial: number }[] };
    expect(json.points.map(({ trial }) => trial)).toEqual(front);
    expect(texts(page, 'script[type="application/json"]')[0]).not.toContain('<');
  });
});

describe('a search that has only begun', () => {
  it('shows what there is', () => {
    const nothing = {
      ...madeSearch(),
      status: 'running' as const,
      progress: { stage: 'calibration', told: 0, budget: 40, seconds: 3 },
      verdict: null,
      schedule: { timesteps: [], finalist: null, recommended: null, range: [0.8, 1.2] as [number, number] },
      trials: [],
      baseline: null,
      surface: null,
      prompts: [],
      images: [],
      pareto: null,
      importances: null,
      timeline: { workers: [], spent: [], elapsed: 3 },
    };
    const page = parsed(renderReport(madeReport(nothing)));
    expect(texts(page, 'h2')).toEqual(['Provenance']);
    expect(texts(page, '.state')[0]).toContain('calibration, 0 of 40 candidates, 3.0 s');
  });
});

describe('several parts', () => {
  const document = madeReport(madeSearch(), madeTable(), { ...madeSearch(), verdict: null });
  const page = parsed(renderReport(document));

  it('begin with a comparison', () => {
    expect(texts(page, 'h1')).toEqual(['3 results compared']);
    expect(texts(page, '#comparison tbody tr')).toHaveLength(2);
    expect(texts(page, 'h2')).toEqual(['shapes w4a8', 'table-1', 'shapes w4a8']);
  });

  it('have ids of their own', () => {
    const ids = [...page.querySelectorAll('[id]')].map((one) => one.getAttribute('id'));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('a table', () => {
  it('shows values with intervals, and images across rows', () => {
    const page = parsed(renderReport(madeReport(madeTable())));
    expect(texts(page, '#p1-table tbody tr:last-child')[0]).toContain('W4A8, Q-Sched *');
    const [worst] = texts(page, '#p1-worst-pairs');
    expect(worst).toContain('W4A8: highest lpips');
    expect([...page.querySelectorAll('#p1-worst-pairs img')]).toHaveLength(4);
    expect([...page.querySelectorAll('#p1-images .views.many img')]).toHaveLength(12);
    expect([...page.querySelectorAll('#p1-intervals svg.plot')]).toHaveLength(10);
  });
});

describe('a page that is served', () => {
  it('is the same page, and may reach its own server', () => {
    const document = madeReport();
    const live = renderPage({ document, live: { events: '/searches/a/events', home: '/' } });
    expect(live.includes(renderParts(document))).toBe(true);
    expect(renderReport(document).includes(renderParts(document))).toBe(true);
    const page = parsed(live);
    expect(policyOf(page)).toContain("img-src 'self' data:; connect-src 'self';");
    expect(page.querySelector('body')?.getAttribute('data-events')).toBe('/searches/a/events');
    expect(page.querySelector('.brand a')?.getAttribute('href')).toBe('/');
  });
});
