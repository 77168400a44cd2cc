/** Reports of a database that 0.1.0 wrote: finished, with a control, and interrupted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../../db/open-store.js';
import { listRuns } from '../../db/runs.js';
import { searchDocument } from '../../report/data/search-data.js';
import { NOT_KEPT } from '../../report/data/image-sources.js';
import { tableDocument } from '../../report/data/table-data.js';
import { tableDocument as tableSchema } from '../../report/documents/table-document.js';
import { searchDocument as schema, type SearchDocument } from '../../report/documents/search-document.js';

let folder: string;
let store: Store;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-report-older-'));
  const path = join(folder, 'qsched.db');
  writeFileSync(path, gunzipSync(readFileSync(join(import.meta.dirname, '../fixtures/databases/0.1.0.db.gz'))));
  store = openStore(path);
});
afterAll(() => {
  store.$client.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The document as it is printed, which has to be one of the schema. */
function reportOf(id: string): SearchDocument {
  const document = searchDocument(store, id, { folder, images: 'inline' });
  expect(schema.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
  return document;
}

describe('a database of 0.1.0', () => {
  it('tells a finished search with its verdict; images were not kept then', () => {
    const { verdict, schedule, trials, images, imageNote, command, timeline } = reportOf('shapes-w4a8-cma-es-842a005f');
    expect(verdict!.headline).toMatch(/^Use the calibrated coefficients: \+\d\.\d{4} JAQ \[\+/);
    expect(verdict!.gains.map(({ scorer }) => scorer)).toEqual(['objective', 'shapes-clip-second']);
    expect(schedule.timesteps).toEqual([999, 499]);
    expect(schedule.recommended).toEqual(schedule.finalist);
    expect(trials.filter(({ stage }) => stage === 'calibration').map(({ number }) => number)).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ]);
    expect(images).toHaveLength(12);
    for (const { identity, calibrated, reference } of images) {
      expect([identity, calibrated]).toEqual([{ missing: NOT_KEPT }, { missing: NOT_KEPT }]);
      expect(reference).toBeNull();
    }
    expect(imageNote).toBeNull();
    expect(timeline.workers).toEqual([]);
    expect(command).toBe(
      'npx qsched search --model shapes --precision w4a8 --scheduler tcd --steps 2 --count 2 --optimizer cma-es ' +
        '--budget 6 --select-count 2 --finalists 2 --confirm-count 20 --racing off',
    );
  });

  it('tells one whose verdict is the baseline, with the full-precision control', () => {
    const { verdict, schedule, images, importances } = reportOf('shapes-w8a8-random-5405c668');
    expect(verdict!.recommend).toBe('identity');
    expect(verdict!.headline).toContain('Leave the scheduler as it is');
    expect(schedule.recommended).toEqual({ sample: [1, 1], noise: [1, 1] });
    expect(images[0]!.reference).toEqual({ missing: NOT_KEPT });
    expect(importances).toBeNull();
  });

  it('tells one that was interrupted', () => {
    const { status, verdict, schedule, prompts, images, next } = reportOf('shapes-w4a8-cma-es-db508fb5');
    expect([status, verdict, schedule.finalist, schedule.recommended]).toEqual(['running', null, null, null]);
    expect([prompts, images]).toEqual([[], []]);
    expect(next[0]!.command).toBe('npx qsched resume shapes-w4a8-cma-es-db508fb5');
  });

  it('tells an evaluation; its rows have no records of images', () => {
    const { id } = listRuns(store).find(({ kind }) => kind === 'evaluate')!;
    const document = tableDocument(store, id, { folder, images: 'inline' });
    expect(tableSchema.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
    expect(document.rows.map(({ name, significant }) => [name, significant === null])).toEqual([
      ['w4a8 identity', true],
      ['w4a8 q-sched', false],
    ]);
    expect(document.rows[0]!.values['gain']).toBeNull();
    expect(document.rows[1]!.values['gain']!.low).toBeLessThan(document.rows[1]!.values['gain']!.value);
    expect([document.images, document.imageNote]).toEqual([[], null]);
    expect(document.command).toMatch(
      /^cat > evaluate.yaml <<'END'\nrows:\n {2}- model: shapes\n[^]*\nEND\nnpx qsched evaluate evaluate.yaml$/,
    );
  });
});
