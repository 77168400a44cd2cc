/** `qsched plan` without a server: nothing is loaded, started or written. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { planCommand } from '../../cli/commands/plan-command.js';
import type { SearchPlanDocument } from '../../cli/plan/plan-search.js';
import type { Took } from '../../cli/plan/took.js';
import type { Coefficients } from '../../contract/coefficients.js';
import { encodeFloats } from '../../contract/float-text.js';
import type { BatchReference, OpenRequest } from '../../contract/payloads.js';
import { WIRE_VERSION } from '../../contract/wire/version.js';
import { openStore, type Store } from '../../db/open-store.js';
import { closeSearch, openSearch } from '../../db/searches.js';
import { askTrials, recordTrials } from '../../db/trials.js';
import { describeNetwork } from '../../inference/describe.js';
import { scorersOf } from '../../contract/objective-plan.js';
import { planSearch, type PlannedSearch } from '../../planning/search.js';
import { settleSearchHere } from '../../planning/settle.js';

let folder: string;
let printed = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-plan-'));
  vi.stubEnv('QSCHED_DATA', join(folder, 'data'));
  vi.stubEnv('TEMPORAL_ADDRESS', '');
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

type Flags = Parameters<typeof planCommand>[1];
const SHAPES: Flags = { model: 'shapes', precision: 'w4a8', workers: '1' };

async function text(what: string | undefined, flags: Flags): Promise<string> {
  printed = '';
  expect(await planCommand(what, flags)).toBe(0);
  return printed;
}
const json = async <T = SearchPlanDocument>(what: string | undefined, flags: Flags): Promise<T> =>
  JSON.parse(await text(what, { ...flags, json: true })) as T;

/** A spec file with SHAPES. */
function specFile(more: object): string {
  const path = join(folder, 'spec.yaml');
  writeFileSync(path, JSON.stringify({ model: 'shapes', precision: 'w4a8', ...more }));
  return path;
}

const rows = ({ stages }: SearchPlanDocument) =>
  Object.fromEntries(stages.map(({ stage, high }) => [stage, [high.images, high.denoiserRows]]));

describe('a search that does more than the usual', () => {
  const stageOf = (plan: SearchPlanDocument, name: string) => plan.stages.find(({ stage }) => stage === name)!;

  test('for repair scores candidates, and the baseline of the selection, on both networks', async () => {
    const plan = await json(specFile({ objective: 'repair', optimizer: { budget: 16 } }), { workers: '1' });
    expect(plan.stages.map(({ stage, high: { images } }) => [stage, images])).toEqual([
      ['baseline', 2 * 40],
      ['search', 2 * 16 * 40],
      ['select', 2 * 6 * 64],
      ['confirm', 2 * 128],
    ]);
    expect(stageOf(plan, 'search').precision).toBe('w4a8, fp32');
  });

  test('with a constraint scores the baseline beside the finalists, who do not race', async () => {
    const plan = await json(specFile({ objective: { atLeast: { text: -0.01 } } }), { workers: '1' });
    expect(stageOf(plan, 'select').high.images).toBe(6 * 64);
  });

  test('and settles k scores its first 16 candidates on all pairs', async () => {
    const plan = await json(specFile({ objective: { k: 'auto' } }), { workers: '1' });
    const usual = await json(specFile({}), { workers: '1' });
    // With a model all candidates leave after the first 5 pairs, and the finalist is scored on the other 35.
    expect(stageOf(usual, 'search').low.images).toBe(32 * 5 + 35);
    expect(stageOf(plan, 'search').low.images).toBe(16 * 40 + 16 * 5 + 35);
    for (const one of [plan, usual]) expect(stageOf(one, 'search').high).toEqual(stageOf(one, 'search').low);
  });
});

describe('a search that nothing is stored of', () => {
  test('is planned stage by stage', async () => {
    const plan = await json(specFile({ optimizer: { type: 'cma-es', budget: 16 }, racing: 'off', control: 'search' }), {
      workers: '1',
    });
    // One process remembers every first call: 1 + 3 per image of the baseline, then 3 per image.
    expect(rows(plan)).toEqual({
      baseline: [40, 160],
      search: [640, 1920],
      select: [320, 64 + 3 * 320],
      confirm: [256, 128 + 3 * 256],
      control: [256, 128 + 3 * 256],
      'control search': [40 + 640 + 320 + 128, 160 + 1920 + 64 + 960 + 512],
    });
    expect(plan.total.high).toMatchObject({
      images: 2640,
      decodes: 2640,
      scorerCalls: { objective: 2640, second: 256 + 256 + 128 },
      workerSeconds: null,
    });
    expect(plan.total.low).toEqual(plan.total.high);
    expect(plan.plainLoop.rows).toBe(4 * 2640);
    expect(plan.plainLoop.times.high).toBeCloseTo((4 * 2640) / plan.total.high.paddedRows, 12);
    expect(plan.referenceGrid.rows).toBe(200_000);
    expect(plan.referenceGrid.times.high).toBeCloseTo(200_000 / (160 + 1920), 1);
    expect(plan).toMatchObject({ minutes: null, speed: { w4a8: null, fp32: null }, raced: null, padding: true });
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  test('is a range where candidates are raced', async () => {
    const plan = await json(specFile({ optimizer: { type: 'cma-es', budget: 8 }, racing: { block: 10 } }), {});
    const search = plan.stages.find(({ stage }) => stage === 'search')!;
    // 10 pairs of all, then the other 30 of one candidate, or of all.
    expect([search.low.images, search.expected, search.high.images]).toEqual([80 + 30, null, 320]);
    expect(plan.total.expected).toBeNull();
    expect(await text(specFile({ racing: { block: 10 } }), {})).toContain('no race like it is stored');
  });

  test('is told in a table', async () => {
    const table = await text(undefined, { ...SHAPES, optimizer: 'grid', shape: 'single-scale', budget: '121' });
    expect(table).toMatch(/^shapes w4a8, 4 steps, grid: 121 candidates; 1 worker \(cpu\)\n/);
    expect(table).toMatch(/^search +w4a8 +121 +4,840 +14,520 +4,840 +\? +20 +objective$/m);
    expect(table).toContain('scorer calls: objective 5,456, shapes-clip-second 256');
    expect(table).toContain(
      'plain loop (every image alone, every candidate on every pair): 21,824 rows; this search takes 7',
    );
    expect(table).toContain('speed of shapes w4a8: not known yet; measure it with --measure');
  });

  test('of a grid with a smaller budget says that it is thinned out', async () => {
    const flags: Flags = { ...SHAPES, optimizer: 'grid', shape: 'single-scale', budget: '50' };
    expect((await json(undefined, flags)).notes).toEqual([expect.stringMatching(/^The grid has 121 points/)]);
    expect(await text(undefined, flags)).toContain('the budget of 50 evaluates 50 of them, spread over the range');
  });

  test('with one step shares every row: decoding and scoring are left', async () => {
    const plan = await json(undefined, { ...SHAPES, steps: '1', optimizer: 'sobol', budget: '8' });
    expect(rows(plan)['search']).toEqual([320, 0]);
  });

  test('that starts from a match and from lines has these first', async () => {
    const plan = await json(
      specFile({
        coefficients: { shape: 'per-step' },
        optimizer: { type: 'cma-es', budget: 12, batch: 12 },
        racing: 'off',
        start: 'match',
      }),
      { workers: '1' },
    );
    // The linear search scores the baseline; a match calls both networks at every step of every pair.
    expect(rows(plan)).toEqual({
      'linear search': [40 + 480 + 320 + 256, 160 + 1440 + 64 + 960 + 128 + 768],
      match: [0, 2 * 4 * 40],
      search: [480, 40 + 1440],
      select: [320, 64 + 960],
      confirm: [128, 4 * 128],
    });
    expect(plan.plainLoop.rows).toBe(4 * (40 + 480 + 320 + 256) + 320 + 4 * (480 + 320 + 128));
    expect(plan.stages.map(({ stage, precision }) => [stage, precision]).slice(0, 2)).toEqual([
      ['linear search', 'w4a8'],
      ['match', 'w4a8, fp32'],
    ]);
  });

  test('without a selection has no stage for it', async () => {
    const plan = await json(undefined, { ...SHAPES, finalists: '1' });
    expect(plan.stages.map(({ stage }) => stage)).toEqual(['baseline', 'search', 'confirm']);
  });

  test('is measured on request', async () => {
    const { speed, minutes } = await json(undefined, { ...SHAPES, optimizer: 'sobol', budget: '8', measure: true });
    expect(speed['w4a8']).toMatchObject({ from: 'measured', steps: 4, images: 80 });
    expect(minutes!.high).toBeGreaterThan(0);
  });
});

describe('a model of another machine', () => {
  test('is planned without what only its files tell', async () => {
    vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
    const plan = await json(undefined, { model: 'elsewhere', optimizer: 'sobol', budget: '8' });
    expect(plan).toMatchObject({ padding: false, minutes: null, speed: {} });
    const [{ high }] = plan.stages as [SearchPlanDocument['stages'][number]];
    expect(high.paddedRows).toBe(high.denoiserRows);
    expect(await text(undefined, { model: 'elsewhere' })).toContain('The model "elsewhere" is not on this machine');
  });

  test('is refused where no server could serve it', async () => {
    await expect(planCommand(undefined, { model: 'elsewhere' })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('with a search that is stored', () => {
  const ID = 'a-search';
  let store: Store;
  let planned: PlannedSearch;

  /** Scores candidates of a stage, each in one piece of work. */
  function score(
    stage: BatchReference['stage'],
    candidates: readonly Coefficients[],
    first: number,
    per: number,
  ): void {
    const { plan, opening } = planned;
    const split = stage === 'control' ? 'confirm' : stage;
    const roles = split === 'confirm' ? plan.quantised.scorers.map(({ role }) => role) : scorersOf(opening.objective);
    const contexts = Object.fromEntries(roles.map((role) => [role, plan.quantised.contexts[role]!]));
    const { seeds } = plan.splits[split];
    const batch = { searchId: ID, stage, contexts, split, seeds, objective: opening.objective };
    const trials = candidates.map((coefficients, i) => ({ index: first + i, point: [i], coefficients }));
    const names = Object.fromEntries(plan.quantised.scorers.map((scorer) => [scorer.role, scorer.names]));
    const evaluations = Array.from({ length: opening.texts[split].length * seeds.length }, (_, i) => i);
    askTrials(store, { ...batch, trials, retryFailed: false });
    recordTrials(store, {
      ...batch,
      names,
      trials: trials.map(({ index, coefficients }) => ({
        index,
        coefficients,
        evaluations,
        failed: [],
        scorers: roles.map((scorer) => ({
          scorer,
          values: encodeFloats(new Float64Array(evaluations.length * names[scorer]!.length).fill(0.5)),
        })),
        work: { worker: 'w', seconds: per * evaluations.length, runtimeSeconds: 0, denoiserRows: 110, paddedRows: 120 },
      })),
    });
  }

  const identity = { sample: [1, 1, 1, 1], noise: [1, 1, 1, 1] };
  const candidate = (k: number): Coefficients => ({ sample: [1 + k / 100, 1, 1, 1], noise: [1, 1, 1, 1] });

  beforeEach(async () => {
    const { mkdirSync } = await import('node:fs');
    mkdirSync(join(folder, 'data'));
    store = openStore(join(folder, 'data', 'qsched.db'));
    const spec = settleSearchHere({
      model: 'shapes',
      precision: 'w4a8',
      optimizer: { type: 'cma-es', budget: 8 },
      racing: 'off',
    });
    const scorers = ['objective', 'second'];
    const network = { version: WIRE_VERSION, model: 'shapes', precision: 'w4a8', options: {}, scorers } as const;
    planned = planSearch(spec, await describeNetwork(network, {}), null);
    openSearch(store, { searchId: ID, ...planned.opening } as OpenRequest);
    score('calibration', [identity], 0, 0.1);
    score('calibration', [1, 2, 3, 4, 5, 6, 7, 8].map(candidate), 1, 0.1);
    score('confirm', [identity, candidate(1)], 0, 0.1);
  });
  afterEach(() => {
    store.$client.close();
  });

  test('plan and actual are beside each other', async () => {
    const { planned: plan, took } = await json<{ planned: SearchPlanDocument; took: Took }>(ID, { workers: '1' });
    expect(rows(plan)).toMatchObject({ baseline: [40, 160], search: [320, 960] });
    expect(plan.reused).toMatchObject({ images: 0 });
    expect(took.stages.map(({ stage, candidates, images }) => [stage, candidates, images])).toEqual([
      ['baseline', 1, 40],
      ['search', 8, 320],
      ['confirm', 2, 256],
    ]);
    expect(took.total).toMatchObject({ images: 616, decodes: 616, denoiserRows: 11 * 110, paddedRows: 11 * 120 });
    expect(took.total.workerSeconds).toBeCloseTo(61.6, 9);
    expect(took.plainLoop).toEqual({ rows: 4 * 616, times: (4 * 616) / (11 * 120) });
    expect(took.referenceGrid).toEqual({ rows: 200_000, times: 200_000 / (9 * 120) });
    const shown = await text(ID, { workers: '1' });
    expect(shown).toMatch(/^search +320 +320 +960 +960 +320 +32\.0$/m);
    expect(shown).toContain('took 616 images, 1,320 denoiser rows (padded), 616 decodes, 61.6 worker seconds');
    expect(shown).toContain("that is 54 % of a plain loop's 2,464 rows");
  });

  test('its speed is used, of this kind of machine alone', async () => {
    const flags: Flags = { ...SHAPES, optimizer: 'sobol', budget: '8' };
    const { speed, minutes } = await json(undefined, flags);
    expect(speed['w4a8']).toMatchObject({ from: 'stored', steps: 4, searches: 1, images: 616 });
    expect(speed['w4a8']!.secondsPerRow).toBeCloseTo(61.6 / (11 * 120), 12);
    expect(minutes!.high).toBeGreaterThan(0);
    expect((await json(undefined, { ...flags, networkBatch: '4' })).speed['w4a8']).toBeNull();
    expect(await text(undefined, { ...flags, steps: '2' })).toContain('from 1 stored search with 4 steps');
  });

  test('what is stored of the baseline is left out', async () => {
    const plan = await json(undefined, { ...SHAPES, optimizer: 'sobol', budget: '8' });
    expect(plan.reused).toMatchObject({ images: 40 + 128, baseline: 1, confirm: 1, search: 0 });
    expect(plan.stages.map(({ stage, candidates }) => [stage, candidates])).toEqual([
      ['search', 8],
      ['select', 5],
      ['confirm', 1],
    ]);
    expect(await text(undefined, SHAPES)).toContain('168 images are stored already, and left out above.');
  });

  test('stored races tell what to expect', async () => {
    const raced = { optimizer: { type: 'cma-es', budget: 8 }, racing: { block: 10 } };
    closeSearch(store, ID, { status: 'finished', result: { heldOut: { recommend: 'none' } } as never });
    store.$client
      .prepare('update searches set spec = json_set(spec, \'$.racing\', json(\'{"block":10,"alpha":0.05}\'))')
      .run();
    store.$client
      .prepare("update trials set status = 'raced', pairs = 10 where stage = 'calibration' and number > 4")
      .run();
    const plan = await json(specFile(raced), {});
    expect(plan.raced).toEqual({ searches: 1, share: (4 * 40 + 4 * 10) / 320 });
    const search = plan.stages.find(({ stage }) => stage === 'search')!;
    expect(search.expected!.images).toBe(200);
    expect(await text(specFile(raced), {})).toContain(
      'Races: expected from 1 stored search, which took 63 % of the images.',
    );
  });

  test('flags that would change its spec are refused', async () => {
    await expect(planCommand(ID, { budget: '9' })).rejects.toThrow(
      '--budget changes a spec, and "a-search" is a stored search.',
    );
  });

  test('another id lists those that there are', async () => {
    await expect(planCommand('b-search', {})).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('There is no search "b-search"') as string,
      hint: expect.stringContaining('a-search') as string,
    });
  });
});
