/** What a report says of evaluations and tables of the paper. */
import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodeImage } from '../../artefacts/artefact-formats.js';
import { pathIn } from '../../artefacts/artefact-folder.js';
import { openArtefactFolder } from '../../artefacts/artefact-store.js';
import { encodePairs } from '../../artefacts/pair-record.js';
import { encodeShard } from '../../artefacts/shard-record.js';
import type { EvaluatedRow, EvaluateResult } from '../../contract/evaluate-spec.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { closeRun, openRun } from '../../db/runs.js';
import { hashTexts, readPromptSet } from '../../inference/prompts/prompt-sets.js';
import { drawFrom } from '../../live/draw.js';
import { NOT_HERE } from '../../report/data/image-sources.js';
import { tableDocument, type TableDataOptions } from '../../report/data/table-data.js';
import { tableDocument as schema, type TableDocument } from '../../report/documents/table-document.js';
import { folder, store } from './store-fixture.js';

const PROMPTS = 5;
const SEEDS = [7, 8];

/** Keeps a row's images in two shards. @returns the records, and the hashes of the images in order */
function keepRow(name: number): { records: string[]; images: string[] } {
  const artefacts = openArtefactFolder(folder);
  const images = Array.from({ length: PROMPTS * SEEDS.length }, (_, i) =>
    artefacts.put(encodeImage({ width: 2, height: 3, data: new Uint8Array(18).fill(10 * name + i) })),
  );
  const block = (some: string[]) => ({ images: some, failed: [], terms: [], features: null });
  const records = [images.slice(0, 4), images.slice(4)].map((some) => artefacts.put(encodeShard([block(some)])));
  return { records, images };
}

const gain = (scorer: string, low: number) => ({
  scorer,
  prompts: PROMPTS,
  identity: 1,
  calibrated: 1.2,
  gain: 0.2,
  low,
  high: 0.4,
  percentile: { low, high: 0.4 },
  studentised: { low, high: 0.4 },
  probabilityOfGain: 0.99,
});

const row = (schedule: string, more: Partial<EvaluatedRow> = {}): EvaluatedRow => ({
  model: 'm',
  precision: 'w4a8',
  scheduler: 'tcd',
  steps: 2,
  eta: 0,
  schedule,
  coefficients: { sample: [1, 1], noise: [1, 1] },
  images: 10,
  failed: 0,
  fid: null,
  fidLow: null,
  fidHigh: null,
  fidFeatures: null,
  fidSd: null,
  kid: null,
  cmmd: null,
  clipScore: 30,
  clipScoreLow: 29,
  clipScoreHigh: 31,
  objective: 1.2,
  objectiveLow: 1,
  objectiveHigh: 1.4,
  tc: 0.5,
  iq: 0.7,
  scores: {},
  gains: [],
  fidGain: null,
  recommend: null,
  pHolm: null,
  records: [],
  ...more,
});

const SPEC = parseEvaluateSpec({
  rows: [{ model: 'm' }, { model: 'm', schedule: 'q-sched' }],
  prompts: { set: 'mine', count: PROMPTS, seeds: SEEDS },
});

const MINE = { set: 'mine', count: PROMPTS, seeds: SEEDS, sha256: 'abc' };

function close(rows: EvaluatedRow[], warnings: string[] = [], prompts: EvaluateResult['prompts'] = MINE): void {
  const result: EvaluateResult = {
    evaluateId: 'evaluate-1',
    rows,
    objective: SPEC.objective,
    generated: 20,
    reused: 0,
    warnings,
    seconds: 3,
    prompts,
  };
  openRun(store, { id: 'evaluate-1', kind: 'evaluate', name: '2 rows of m', spec: SPEC });
  closeRun(store, 'evaluate-1', { status: 'finished', result });
}

function read(id = 'evaluate-1', options: Partial<TableDataOptions> = {}): TableDocument {
  const document = tableDocument(store, id, { folder, images: 'addresses', ...options });
  expect(schema.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
  return document;
}

describe('an evaluation', () => {
  it('has the columns with a value, and says which gains remain after Holm', () => {
    const gains = [gain('objective', 0.1), gain('second', -0.1)];
    close([
      row('identity'),
      row('q-sched', { gains, recommend: 'identity', pHolm: 0.03 }),
      row('mine', { gains, pHolm: 0.01 }),
    ]);
    const { columns, rows, notes } = read();
    expect(columns.map(({ key }) => key)).toEqual([
      'clipScore',
      'objective',
      'tc',
      'iq',
      'gain',
      'gain.second',
      'pHolm',
      'images',
    ]);
    expect(rows.map(({ significant }) => significant)).toEqual([null, false, true]);
    expect(rows[1]!.values['gain.second']).toEqual({ value: 0.2, low: -0.1, high: 0.4 });
    expect(rows[0]!.values['gain']).toBeNull();
    expect(notes.join('\n')).toContain('not recommended although the objective gains');
  });

  it('shows the same prompts and seeds under every row, also across shards', () => {
    const [first, second] = [keepRow(1), keepRow(2)];
    close([row('identity', { records: first.records }), row('q-sched', { records: second.records })]);
    const texts = ['p0', 'p1', 'p2', 'p3', 'p4'];
    const { images, imageNote } = read('evaluate-1', { textsOf: ({ sha256 }) => (sha256 === 'abc' ? texts : null) });
    expect(images.map(({ prompt, seed }) => [prompt, seed])).toEqual(texts.map((text) => [text, 7]));
    const address = (hash: string | undefined) => ({ src: `/images/${hash}.png` });
    images.forEach(({ rows }, i) => {
      expect(rows).toEqual([address(first.images[2 * i]), address(second.images[2 * i])]);
    });
    expect(imageNote).toBe('Images of 2 x 3 pixels.');
    expect(read().images[1]!.prompt).toBe('prompt 2 of mine');
    expect(read('evaluate-1', { prompts: 2 }).images).toHaveLength(2);
  });

  it('shows the texts of its prompts on the live page', () => {
    const [first, second] = [keepRow(1), keepRow(2)];
    const texts = readPromptSet('shapes-eval').map(({ text }) => text);
    const prompts = { set: 'shapes-eval', count: PROMPTS, seeds: SEEDS, sha256: hashTexts(texts.slice(0, PROMPTS)) };
    const rows = [row('identity', { records: first.records }), row('q-sched', { records: second.records })];
    close(rows, [], prompts);
    const page = drawFrom(folder)(store, { kind: 'table', id: 'evaluate-1' }).main;
    for (const text of texts.slice(0, PROMPTS)) expect(page).toContain(text);
    close(rows, [], { ...prompts, sha256: 'of other texts' });
    expect(drawFrom(folder)(store, { kind: 'table', id: 'evaluate-1' }).main).not.toContain(texts[0]);
  });

  it('shows the pairs that are furthest from full precision, by the direction of the score', () => {
    const [first, second] = [keepRow(1), keepRow(2)];
    const artefacts = openArtefactFolder(folder);
    const half = (from: number, to: number) =>
      artefacts.put(
        encodePairs({
          scores: ['ssim', 'lpips'],
          reference: first.images.slice(from, to),
          candidate: second.images.slice(from, to),
          failed: [],
          // SSIM of pair i is i / 10, but pair 0 has none.
          values: Float64Array.from({ length: 2 * (to - from) }, (_, k) => {
            const i = from + Math.floor(k / 2);
            return i === 0 ? NaN : i / 10;
          }),
        }),
      );
    const pairs = [half(0, 4), half(4, 10)];
    const mean = { mean: 0.5, low: 0.4, high: 0.6 };
    close([
      row('identity', { precision: 'fp32', records: first.records }),
      row('identity', { records: second.records, pairwise: { ssim: mean, lpips: mean }, pairs }),
    ]);
    const { worst, columns } = read();
    expect(columns.slice(0, 2)).toEqual([
      { key: 'pair.ssim', title: 'ssim', better: 'higher' },
      { key: 'pair.lpips', title: 'lpips', better: 'lower' },
    ]);
    expect(worst).toHaveLength(1);
    expect(worst[0]).toMatchObject({ row: 'w4a8 identity', score: 'ssim', better: 'higher' });
    expect(worst[0]!.pairs.map(({ value, seed, prompt }) => [value, seed, prompt])).toEqual([
      [0.1, 8, 'prompt 1 of mine'],
      [0.2, 7, 'prompt 2 of mine'],
      [0.3, 8, 'prompt 2 of mine'],
      [0.4, 7, 'prompt 3 of mine'],
    ]);
    expect(worst[0]!.pairs[0]).toMatchObject({
      reference: { src: `/images/${first.images[1]}.png` },
      candidate: { src: `/images/${second.images[1]}.png` },
    });
    rmSync(pathIn(folder, 'objects', pairs[1]!));
    expect(read().worst).toEqual([]);
  });

  it('names what cannot be reached from here', () => {
    const [first, second] = [keepRow(1), keepRow(2)];
    rmSync(pathIn(folder, 'objects', first.images[0]!));
    rmSync(pathIn(folder, 'objects', second.records[1]!));
    close([row('identity', { records: first.records }), row('q-sched', { records: second.records })]);
    const { images } = read();
    expect(images[0]!.rows).toEqual([{ missing: NOT_HERE }, { missing: NOT_HERE }]);
    expect(images[1]!.rows[0]).toHaveProperty('src');
    expect(read('evaluate-1', { folder: `${folder}/elsewhere` }).images).toEqual([]);
  });

  it('that is not finished has no table, and says why', () => {
    openRun(store, { id: 'evaluate-2', kind: 'evaluate', name: '2 rows of m', spec: SPEC });
    expect(read('evaluate-2')).toMatchObject({ status: 'running', rows: [], columns: [], images: [], notes: [] });
    closeRun(store, 'evaluate-2', { status: 'failed', message: 'The disk is full.' });
    expect(read('evaluate-2')).toMatchObject({ status: 'failed', message: 'The disk is full.' });
  });
});

it('a table of the paper has its own columns, and the command that repeats it', () => {
  const more = { label: 'Q-Sched', gain: null, gainLow: null, gainHigh: null, source: null };
  const result = {
    study: 'table-3',
    title: 'Table 3',
    studyId: 'study-3',
    evaluateId: 'evaluate-1',
    columns: ['k', 'tune'],
    objective: SPEC.objective,
    notes: ['A note.'],
    seconds: 9,
    rows: [{ ...row('q-sched'), ...more, k: 2, tune: 'noise' }],
    prompts: MINE,
  };
  openRun(store, {
    id: 'study-3',
    kind: 'study',
    name: 'table-3',
    spec: { name: 'table-3', options: { model: 'm', count: 5 } },
  });
  closeRun(store, 'study-3', { status: 'finished', result });
  const { name, columns, rows, notes, command } = read('study-3');
  expect(name).toBe('Table 3');
  expect(columns[0]).toEqual({ key: 'own.k', title: 'k', better: 'either' });
  expect(rows[0]).toMatchObject({
    name: 'Q-Sched, tune noise',
    values: { 'own.k': { value: 2, low: null, high: null } },
  });
  expect(notes.at(-1)).toBe('A note.');
  expect(command).toBe('npx qsched reproduce table-3 --model m --count 5');
});
