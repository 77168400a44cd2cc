/**
 * How long a report of a large search takes: 2,500 candidates with 40 evaluations each, from the store to the HTML file.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../db/open-store.js';
import { reportOf } from '../report/data/report-data.js';
import { searchDocument } from '../report/data/search-data.js';
import { renderReport } from '../report/page/render-report.js';
import { makeSearch } from './made-search.js';
import { result, type BenchResult } from './results.js';

const TRIALS = 2500;
/** With two seeds each: 40 evaluations per candidate. */
const PROMPTS = 20;
const HELD_OUT = 128;
/** Pixels of a side, as of Stable Diffusion. */
const SIDE = 512;
const REPEATS = 3;

/** Median of the seconds that one report takes. */
function report2500(): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-report-'));
  try {
    const artefacts = join(folder, 'artefacts');
    const store = openStore(join(folder, 'qsched.db'));
    const id = 'made-report-2500';
    makeSearch(store, {
      id,
      trials: TRIALS,
      prompts: PROMPTS,
      heldOut: HELD_OUT,
      images: { folder: artefacts, side: SIDE },
    });
    const file = join(folder, 'report.html');
    const seconds = Array.from({ length: REPEATS }, () => {
      const start = performance.now();
      const part = searchDocument(store, id, { folder: artefacts, images: 'inline' });
      writeFileSync(file, renderReport(reportOf([part], new Date())));
      return (performance.now() - start) / 1000;
    }).sort((a, b) => a - b);
    store.$client.close();
    process.stderr.write(
      `  ${(statSync(file).size / 1e6).toFixed(2)} MB; ${seconds.map((s) => s.toFixed(2)).join(', ')} s\n`,
    );
    return Promise.resolve([
      result({
        name: 'report-2500',
        title: `a report of ${TRIALS.toLocaleString('en-US')} candidates with ${2 * PROMPTS} evaluations each, with its images`,
        ours: seconds[REPEATS >> 1]!,
        unit: 's',
        better: 'lower',
        target: 5,
        measure: 'ours',
      }),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const reportBenches = [{ names: ['report-2500'], run: report2500 }];
