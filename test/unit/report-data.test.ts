/** What a report says of a search, read from real stores and artefact folders. */
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeSearch, type MadeSearch } from '../../bench/made-search.js';
import { pathIn } from '../../artefacts/artefact-folder.js';
import { closeSearch } from '../../db/searches.js';
import { NOT_HERE, NOT_KEPT } from '../../report/data/image-sources.js';
import { searchDocument, type SearchDataOptions } from '../../report/data/search-data.js';
import { searchDocument as schema, type SearchDocument } from '../../report/documents/search-document.js';
import { folder, sql, store } from './store-fixture.js';

const HOSTILE = [
  '<script>alert(1)</script>',
  '"quoted" & \'single\'',
  '\u202eright to left \u05d0',
  '🙂'.repeat(40),
  'x'.repeat(2000),
];

const make = (more: Partial<MadeSearch> = {}) =>
  makeSearch(store, { id: 's', trials: 14, prompts: 2, heldOut: 24, images: { folder, side: 8 }, ...more });

/** The document as it is printed, which has to be one of the schema. */
function read(options: Partial<SearchDataOptions> = {}): SearchDocument {
  const document = searchDocument(store, 's', { folder, images: 'inline', ...options });
  expect(schema.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
  return document;
}

describe('a finished search', () => {
  it('has every section, and reads the same twice', () => {
    make();
    const document = read();
    expect(document.progress).toBeNull();
    expect(document.verdict!.headline).toMatch(
      /^Use the calibrated coefficients: \+[\d.]+ JAQ \[.*\] on 24 held-out prompts\.$/,
    );
    expect(document.verdict!.gains.map(({ scorer }) => scorer)).toEqual(['objective', 'made-second']);
    expect(document.verdict!.repair!.share!.value).toBeGreaterThan(0);
    expect(document.schedule.timesteps).toEqual([999, 749, 499, 249]);
    expect(document.trials.filter(({ stage }) => stage === 'calibration')).toHaveLength(15);
    expect(document.baseline).toBe(document.trials[0]!.score);
    const bests = document.trials.flatMap(({ best }) => (best === null ? [] : [best]));
    expect(bests).toEqual(bests.toSorted((a, b) => a - b));
    expect(document.pareto!.points.filter(({ chosen }) => chosen)).toHaveLength(1);
    expect(document.timeline.workers).toHaveLength(4);
    expect(document.timeline.spent.map(({ what }) => what).sort()).toEqual([
      'baseline',
      'confirm',
      'control',
      'search',
      'select',
    ]);
    expect(document.provenance).toContainEqual({ name: 'ONNX Runtime', value: '1.30.0' });
    expect(document.next[0]!.command).toBe('npx qsched export s');
    expect(read()).toEqual(document);
  });

  it.each([
    [
      { optimizer: { type: 'gp', budget: 14 }, racing: { alpha: 0.5, block: 4 } },
      'candidates are scored on the first 4 pairs, and on all of them only where the model of the surface needs more',
      '[0.8, 1.2] at the start, and up to [0.5, 1.5] where the best lie on its edge: it did not grow',
    ],
    [
      { optimizer: { type: 'cma-es', budget: 14 }, racing: 'on', coefficients: { range: [0.9, 1.1] } },
      'candidates are compared with the leader after the first pairs, as many as fill the network calls, and whenever the ' +
        'pairs have doubled; dropped is who is worse in a paired t test (one-sided level 0.05 over all comparisons)',
      '[0.9, 1.1], fixed',
    ],
    [
      { optimizer: { type: 'random', budget: 14 }, racing: { alpha: 0.5 } },
      'candidates are compared with the leader after the first pairs, as many as fill the network calls, and whenever the ' +
        'pairs have doubled; dropped is who is behind',
      '[0.8, 1.2], fixed',
    ],
    [{ racing: 'off' }, 'off: every candidate is scored on all pairs', '[0.8, 1.2], fixed'],
  ] as const)('tells its races and its range in words: %j', (spec, races, range) => {
    make({ spec, until: 'calibration' });
    const { provenance } = read();
    expect(provenance).toContainEqual({ name: 'races', value: races });
    expect(provenance).toContainEqual({ name: 'range', value: range });
    expect(provenance.map(({ value }) => value).filter((value) => value.includes('{'))).toEqual([]);
  });

  it('tells how far a range grew', () => {
    make({ spec: { optimizer: { type: 'gp', budget: 14 } }, until: 'calibration' });
    sql("update trials set point = '[0.8, 1.2, 1.31, 1]' where stage = 'calibration' and number = 3 returning 1");
    const line = read().provenance.find(({ name }) => name === 'range');
    expect(line?.value).toBe(
      '[0.8, 1.2] at the start, and up to [0.5, 1.5] where the best lie on its edge: ' +
        'it grew to hold c^eps of the first step [0.8, 1.31]',
    );
  });

  it('shows the worst, the best and prompts between, with the full-precision baseline beside them', () => {
    make();
    const { images, prompts, imageNote } = read();
    const ranked = prompts.filter(({ scorer }) => scorer === 'objective').toSorted((a, b) => a.gain - b.gain);
    expect(images.map(({ chosen }) => chosen)).toEqual([
      ...Array<string>(4).fill('worst'),
      ...Array<string>(4).fill('between'),
      ...Array<string>(4).fill('best'),
    ]);
    expect(images.slice(0, 4).map(({ prompt }) => prompt)).toEqual(ranked.slice(0, 4).map(({ prompt }) => prompt));
    expect(images.at(-1)!.gain).toBe(ranked.at(-1)!.gain);
    for (const { identity, calibrated, reference } of images) {
      for (const source of [identity, calibrated, reference]) expect(source).toHaveProperty('src');
    }
    expect(imageNote).toBe('Images of 8 x 8 pixels.');
    expect(read({ prompts: 2 }).images).toHaveLength(2);
  });

  it('keeps prompts as they are, whatever they contain', () => {
    make({ heldOut: [...HOSTILE, ...Array.from({ length: 15 }, (_, i) => `prompt ${i}`)] });
    expect(
      read()
        .prompts.slice(0, HOSTILE.length)
        .map(({ prompt }) => prompt),
    ).toEqual(HOSTILE);
    expect(read({ prompts: 40 }).images.map(({ prompt }) => prompt)).toEqual(expect.arrayContaining(HOSTILE));
  });

  it('names images that cannot be reached from here', () => {
    make();
    const [{ image }] = sql<{ image: string }>(
      "select image from trial_images where stage = 'confirm' and number = 0 and position = 0",
    ) as [{ image: string }];
    rmSync(pathIn(folder, 'objects', image));
    sql(
      "update evaluations set image = null where image = (select image from trial_images where stage = 'confirm' and number = 1 and position = 0) returning 1",
    );
    const shown = read({ prompts: 24 }).images.find(({ prompt }) => prompt === 'held-out prompt 0')!;
    expect([shown.identity, shown.calibrated]).toEqual([{ missing: NOT_HERE }, { missing: NOT_KEPT }]);
    expect(shown.reference).toHaveProperty('src');
    const elsewhere = read({ folder: `${folder}/elsewhere` });
    expect(elsewhere.images[0]!.identity).toEqual({ missing: NOT_HERE });
    expect(elsewhere.imageNote).toBeNull();
  });

  it('gives addresses for a page that is served', () => {
    make();
    expect(read({ images: 'addresses' }).images[0]!.identity).toEqual({
      src: expect.stringMatching(/^\/images\/[0-9a-f]{64}\.png$/) as string,
    });
  });
});

it('coefficients per step that are not proven better give way to the linear ones', () => {
  make();
  const linear = { searchId: 's-linear', coefficients: { sample: [0.9, 1, 1, 1], noise: [1, 1, 1, 1] } };
  const { verdict: before } = read();
  sql(`update searches set result = json_set(result, '$.linear', json('${JSON.stringify({ ...linear, recommend: 'linear', scorers: [] })}'),
    '$.notes', json('["Better ones may lie beyond: search again with --range 0.6,1.2"]')) returning 1`);
  const { verdict, schedule, next } = read();
  expect(before!.headline).toContain('Use the calibrated coefficients');
  expect(verdict!.headline).toMatch(/^Use the linear coefficients of s-linear: /);
  expect(schedule.recommended).toEqual(linear.coefficients);
  expect(next[0]!.command).toBe('npx qsched export s-linear');
  // What is to be copied ends without a full stop.
  expect(verdict!.sentences.at(-1)).toMatch(/--range 0\.6,1\.2$/);
});

describe('another status', () => {
  it('running: no verdict, but all that is known', () => {
    make({ until: 'calibration' });
    const { status, verdict, progress, surface, images, importances, schedule } = read();
    expect([status, verdict, images, schedule.recommended]).toEqual(['running', null, [], null]);
    expect(progress).toMatchObject({ stage: 'searching on the calibration prompts', told: 14, budget: 14 });
    expect(surface!.slices[0]!.finalist).toBeNull();
    expect(importances).not.toBeNull();
  });

  it.each(['failed', 'cancelled'] as const)('%s: with the reason', (status) => {
    make({ until: 'calibration' });
    closeSearch(store, 's', { status, message: 'The disk is full.' });
    const document = read();
    expect([document.status, document.message, document.progress, document.verdict]).toEqual([
      status,
      'The disk is full.',
      null,
      null,
    ]);
    expect(document.next[0]!.command).toBe('npx qsched resume s');
  });

  it('opened again: the verdict is that of the previous result', () => {
    make();
    sql("update searches set status = 'running' returning 1");
    const { verdict, progress } = read();
    expect(verdict!.sentences[0]).toBe('This is the verdict of the previous result; the search is running now.');
    expect(progress!.stage).toBe('running the full-precision control');
  });

  it('without a trial: nothing is made up', () => {
    make({ until: 'calibration' });
    sql("delete from work where search_id = 's' returning 1");
    sql("delete from trials where search_id = 's' returning 1");
    const { trials, surface, importances, pareto, baseline, progress } = read();
    expect([trials, surface, importances, pareto, baseline]).toEqual([[], null, null, null, null]);
    expect(progress!.stage).toBe('preparing');
  });
});

describe('surfaces', () => {
  it('slices of the model go through the finalist, one for every pair of coordinates', () => {
    make();
    const { surface, schedule } = read();
    const { slices, kind } = surface!;
    expect([kind, slices.length]).toEqual(['model', 6]);
    const [{ x, y, xs, ys, values, held, finalist, path }] = slices as [(typeof slices)[number]];
    expect([x, y, xs.length, ys.length, values.length, values[0]!.length]).toEqual([
      'sample.start',
      'sample.end',
      33,
      33,
      33,
      33,
    ]);
    expect(finalist).toEqual({ x: schedule.finalist!.sample[0], y: schedule.finalist!.sample.at(-1) });
    expect(held).toEqual({ 'noise.start': schedule.finalist!.noise[0], 'noise.end': schedule.finalist!.noise.at(-1) });
    expect(path[0]).toMatchObject({ x: 1, y: 1, trial: 0 });
  });

  it('of more than four coordinates the most important four are shown', () => {
    make({ spec: { coefficients: { shape: 'per-step' }, scheduler: { steps: 3 } }, trials: 30 });
    const { surface, importances } = read();
    expect(importances).toHaveLength(6);
    const shown = new Set(surface!.slices.flatMap(({ x, y }) => [x, y]));
    expect(shown).toEqual(new Set(importances!.slice(0, 4).map(({ name }) => name)));
    expect(surface!.note).toContain('4 coordinates that matter most, of 6');
  });

  it('of a grid: the scores themselves', () => {
    make({
      spec: { optimizer: { type: 'grid', gridPoints: 3, budget: 9 }, coefficients: { shape: 'single-scale' } },
      trials: 9,
    });
    // The maker's own points are not a grid's.
    sql(
      "update trials set point = json_array(0.8 + 0.2 * ((number - 1) / 3), 0.8 + 0.2 * ((number - 1) % 3)) where stage = 'calibration' and number > 0 returning 1",
    );
    const { surface, trials } = read();
    expect(surface!.kind).toBe('grid');
    const scores = trials
      .filter(({ stage, number }) => stage === 'calibration' && number > 0)
      .map(({ score }) => score);
    expect(new Set(surface!.slices[0]!.values.flat())).toEqual(new Set(scores));
    expect(surface!.slices[0]!.values[1]![0]).toBe(scores[1]);
  });

  it('with one coordinate: none', () => {
    make({ spec: { coefficients: { shape: 'single-scale', tune: 'sample' } } });
    expect(read().surface).toBeNull();
  });

  it('raced candidates count with the share that they were scored on, and are never the best', () => {
    make({ until: 'calibration' });
    const before = read();
    sql(
      "update trials set status = 'raced', pairs = 1, tc = null, iq = null, score = 99 where stage = 'calibration' and number = 3 returning 1",
    );
    const { trials, pareto, surface } = read();
    expect(trials[3]).toMatchObject({ status: 'raced', score: 99 });
    expect(trials.at(-1)!.best).toBeLessThan(99);
    const three = pareto!.points.find(({ trial }) => trial === 3)!;
    expect(three).toMatchObject({ estimated: true, chosen: false });
    expect(three.tc + three.iq).toBeLessThan(10);
    expect(pareto!.points.filter(({ estimated }) => estimated)).toHaveLength(1);
    expect(surface!.slices[0]!.path.map(({ trial }) => trial)).toContain(3);
    expect(surface!.slices[0]!.values).not.toEqual(before.surface!.slices[0]!.values);
  });
});

it('a scheduler that clips has timesteps like any other', () => {
  make();
  const clipped = {
    kind: 'clipped',
    timestep: 999,
    inputScale: 1,
    x0: { x: 1, m: -1 },
    clip: 1,
    prev: { x0: 1, x: 0, m: 0, z: 0 },
  };
  const steps = [999, 749, 499, 249].map((timestep) => ({ ...clipped, timestep }));
  sql(
    `update contexts set provenance = json_set(provenance, '$.schedule.steps', json('${JSON.stringify(steps)}')) returning 1`,
  );
  expect(read().schedule.timesteps).toEqual([999, 749, 499, 249]);
});

it('a search for repair has no front of its terms', () => {
  make({ spec: { objective: { goal: 'repair' } }, until: 'calibration' });
  const { pareto, objective } = read();
  expect(pareto).toBeNull();
  expect(objective).toMatch(/^repair: /);
});
