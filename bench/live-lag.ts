/**
 * How long a new best takes from its commit in SQLite to the live page in a real Chromium (CHROME_PATH, else on PATH). The
 * server runs on its thread as `qsched up` runs it, from dist/.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { openStore, type Store } from '../db/open-store.js';
import { startLive } from '../live/live-client.js';
import { openBrowser } from '../test/e2e/browser.js';
import { makeSearch } from './made-search.js';
import { result, type BenchResult } from './results.js';

const TRIALS = 120;
const BESTS = 20;
const ID = 'followed';

/** Milliseconds since 1970 at which the page's text held `text`. */
const shownAt = (page: Page, text: string): Promise<number> =>
  page.evaluate<number>(
    `new Promise((done) => {
       const main = document.querySelector('main');
       const look = () => main.textContent.includes(${JSON.stringify(text)}) && done(Date.now());
       new MutationObserver(look).observe(main, { childList: true, subtree: true });
       look();
     })`,
  );

/** Commits one more trial with a score that no other has. */
function commitBest(store: Store, n: number, score: number): void {
  store.$client
    .prepare(
      `insert into trials (search_id, stage, number, candidate_id, point, status, score, tc, iq)
       select search_id, stage, ?, candidate_id, point, 'ok', ?, tc, iq from trials
       where search_id = ? and stage = 'calibration' and number = 1`,
    )
    .run(TRIALS + n, score, ID);
}

async function liveLag(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-live-lag-'));
  const databasePath = join(folder, 'qsched.db');
  const store = openStore(databasePath);
  makeSearch(store, { id: ID, trials: TRIALS, prompts: 20, heldOut: 12, images: null, until: 'calibration' });
  const live = await startLive({ folder, databasePath, artefacts: folder, say: () => undefined });
  const browser = await openBrowser();
  const lags: number[] = [];
  const commits: number[] = [];
  try {
    const page = await browser.newPage();
    await page.goto(`${live.address}/searches/${ID}`);
    await page.getByText('Live', { exact: true }).waitFor();
    for (let n = 1; n <= BESTS; n += 1) {
      const score = 10 + n / 1000;
      const shown = shownAt(page, score.toFixed(4));
      await sleep(37 * n); // at another moment between two looks of the server each time
      const started = performance.now();
      commitBest(store, n, score);
      const committed = Date.now();
      commits.push(performance.now() - started);
      lags.push(((await shown) - committed) / 1000);
    }
  } finally {
    await browser.close();
    await live.stop();
    store.$client.close();
    rmSync(folder, { recursive: true, force: true });
  }
  lags.sort((a, b) => a - b);
  process.stderr.write(`commits took at most ${Math.max(...commits).toFixed(1)} ms while the page was followed\n`);
  const line = { unit: 's', better: 'lower', target: 2, measure: 'ours' } as const;
  const what = `a new best of ${TRIALS} candidates, from its commit to the live page in Chromium`;
  return [
    result({ ...line, name: 'live-lag', title: `${what}: the slowest of ${BESTS}`, ours: lags.at(-1)! }),
    result({ ...line, name: 'live-lag-median', title: `${what}: the median of ${BESTS}`, ours: lags[BESTS >> 1]! }),
  ];
}

export const liveBenches = [{ names: ['live-lag', 'live-lag-median'], run: liveLag }];
