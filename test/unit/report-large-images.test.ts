/** The report of a search whose images have SDXL's size: one page that can be sent by mail. */
import { expect, it } from 'vitest';
import { keepImage } from '../../bench/made-image.js';
import { makeSearch } from '../../bench/made-search.js';
import { readObject } from '../../artefacts/read-object.js';
import { reportOf } from '../../report/data/report-data.js';
import { searchDocument } from '../../report/data/search-data.js';
import { renderReport } from '../../report/page/render-report.js';
import { folder, sql, store } from './store-fixture.js';

const SIDE = 1024;
const MOST_BYTES = 3_000_000;

it('shows 12 prompts of 1024 x 1024 pixels in at most 3 MB', { timeout: 300_000 }, () => {
  makeSearch(store, { id: 's', trials: 100, prompts: 8, heldOut: 12, images: { folder, side: 8 } });
  // Two large images in place of all: making one takes a second.
  const hashes = ['one', 'other'].map((name) => keepImage({ folder, side: SIDE }, name));
  sql('update evaluations set image = iif(rowid % 2, ?, ?) where image is not null returning 1', ...hashes);
  const bytes = hashes.map((hash) => readObject(folder, hash)!.length);
  expect(Math.min(...bytes)).toBeGreaterThan(MOST_BYTES / 3);
  const document = searchDocument(store, 's', { folder, images: 'inline' });
  expect(document.images).toHaveLength(12);
  const shown = document.images.flatMap(({ identity, calibrated, reference }) => [identity, calibrated, reference]);
  expect(shown).toHaveLength(36);
  for (const image of shown) expect(image).toHaveProperty('src', expect.stringMatching(/^data:image\/jpeg;base64,/));
  const [, side] = /^Images of 1024 x 1024 pixels, shown here at (\d+) x \1 as JPEG\.$/.exec(document.imageNote!)!;
  expect(Number(side)).toBeGreaterThanOrEqual(192);
  const html = renderReport(reportOf([document], new Date(0)));
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(MOST_BYTES);
});
