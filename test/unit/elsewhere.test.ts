/** A model that only another machine has: its search can be started, resumed and exported here. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { exportCommand } from '../../cli/commands/export-command.js';
import { resumeCommand, searchCommand } from '../../cli/commands/search-command.js';
import { checkEvaluation, checkSearch } from '../../cli/input/check-here.js';
import { openStore } from '../../db/open-store.js';
import { closeSearch, openSearch } from '../../db/searches.js';
import { plainOpening } from '../../contract/opening.js';
import type { StepSchedule } from '../../diffusion/fused.js';
import { listSchedules, storeSearchSchedules } from '../../db/schedules.js';
import { scheduleText } from '../../cli/text/schedule-text.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { scaleFused, type CompleteSchedule } from '../../contract/schedule-document.js';
import type { SearchResult } from '../../contract/search-result.js';
import { parseEvaluateSpec } from '../../contract/validate-evaluate.js';
import { objectiveAt } from '../../contract/settled-k.js';
import { parseSearchSpec } from '../../contract/validate.js';

const runs = vi.hoisted(() => [] as { id: string; models: readonly string[] }[]);
vi.mock('../../cli/follow/visit-host.js', () => ({
  runToEnd: (run: { id: string; models: readonly string[] }) => {
    runs.push(run);
    return Promise.resolve(null);
  },
}));

const SPEC = parseSearchSpec({
  model: 'far-away',
  scheduler: { steps: 2 },
  prompts: { texts: ['a', 'b'], seeds: [0] },
  select: { texts: ['c'] },
  confirm: { texts: ['d', 'e'] },
});
const TUNED = { sample: [0.95, 1], noise: [1.05, 1] };
const ONES = { sample: [1, 1], noise: [1, 1] };

let folder: string;
let printed: string;
let said: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-elsewhere-'));
  vi.stubEnv('QSCHED_DATA', folder);
  vi.stubEnv('TEMPORAL_ADDRESS', '');
  vi.stubEnv('TEMPORAL_CONFIG_FILE', join(folder, 'absent.toml'));
  [printed, said] = ['', ''];
  runs.length = 0;
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function baseline() {
  const scheduler = createScheduler({ _class_name: 'TCDScheduler' });
  scheduler.setTimesteps(2, { eta: 0 });
  return scheduler.fused();
}

/** Stores a search whose model is not here. */
function storeSearch(recommend: 'calibrated' | 'identity' | null, schedule: StepSchedule = baseline()): void {
  const store = openStore(join(folder, 'qsched.db'));
  const split = (texts: string[], seeds: number[]) => {
    return { set: null, texts, count: texts.length, sha256: '', nounsSha256: null, seeds };
  };
  openSearch(store, {
    searchId: 'one',
    spec: SPEC,
    opening: plainOpening(SPEC.optimizer.budget),
    objective: planObjective(objectiveAt(SPEC.objective, undefined)),
    contexts: [
      {
        id: 'context',
        model: 'far-away',
        precision: 'w4a8',
        scorer: 'objective',
        provenance: { files: {}, precision: 'w4a8', schedule, scorer: {}, numeric: {} },
      },
    ],
    splits: { calibration: split(['a', 'b'], [0]), select: split(['c'], [500]), confirm: split(['d', 'e'], [1000]) },
    texts: { calibration: ['a', 'b'], select: ['c'], confirm: ['d', 'e'] },
    nouns: null,
  });
  if (recommend !== null) {
    const result = { finalist: TUNED, identity: { coefficients: ONES }, best: { coefficients: TUNED } };
    const heldOut = { recommend, gain: 0.01, prompts: 2, low: -0.01, high: 0.03, scorers: [] };
    closeSearch(store, 'one', { status: 'finished', result: { ...result, heldOut } as unknown as SearchResult });
  }
  store.$client.close();
}

const exported = (flags: Parameters<typeof exportCommand>[1] = {}): CompleteSchedule => {
  printed = '';
  expect(exportCommand('one', flags)).toBe(0);
  return JSON.parse(printed) as CompleteSchedule;
};

test('is exported from what is stored: steps, coefficients, verdict', () => {
  storeSearch('calibrated');
  const document = exported();
  expect(document).toMatchObject({
    format: 'qsched-schedule/1',
    kind: 'q-sched',
    model: 'far-away',
    searchId: 'one',
    which: 'recommended',
    scheduler: { type: 'tcd', steps: 2, eta: 0 },
    timesteps: baseline().steps.map(({ timestep }) => timestep),
    coefficients: TUNED,
    heldOut: { recommend: 'calibrated' },
  });
  expect(document.fused).toEqual(JSON.parse(JSON.stringify(scaleFused(baseline(), TUNED))));
  expect(document.identity).toEqual(JSON.parse(JSON.stringify(baseline())));
  expect(said).toBe('');
  expect(exported({ format: 'reference' })).toMatchObject({
    sample_coeff: 0.95,
    model_coeff: 1.05,
    checkpoint: 'far-away',
  });
});

test('with a scheduler that clips: its schedules are stored and shown, its export is refused', () => {
  const scheduler = createScheduler({ _class_name: 'CMStochasticIterativeScheduler' });
  scheduler.setTimesteps(2);
  storeSearch('calibrated', scheduler.schedule());
  for (const format of ['qsched', 'reference']) {
    expect(() => exportCommand('one', { format })).toThrow(
      'The scheduler "tcd" of the search "one" clips its predicted sample to [-1, 1]: its steps have no fused form to export.',
    );
  }
  const store = openStore(join(folder, 'qsched.db'));
  const result = {
    searchId: 'one',
    finalist: TUNED,
    identity: { coefficients: ONES },
    heldOut: { recommend: 'calibrated' },
  };
  storeSearchSchedules(store, result as unknown as SearchResult);
  const [tuned] = listSchedules(store).filter(({ document: { kind } }) => kind === 'q-sched');
  store.$client.close();
  expect(tuned!.document.fused).toEqual(JSON.parse(JSON.stringify(scheduler.schedule(TUNED))));
  expect(scheduleText(tuned!.document, null)).toContain('[-1, 1]');
});

test('with the baseline recommended, the export says that its coefficients are 1', () => {
  storeSearch('identity');
  expect(exported()).toMatchObject({ kind: 'identity', coefficients: ONES });
  expect(said).toMatch(/^note: the baseline is exported .*--which finalist exports the searched coefficients\n$/);
  said = '';
  expect(exported({ which: 'finalist' })).toMatchObject({ kind: 'q-sched', coefficients: TUNED });
  expect(said).toMatch(/^note: these coefficients are not recommended by the verdict.*\n$/);
});

test('is searched and resumed if a server is configured: its worker describes it', async () => {
  vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
  expect(await searchCommand(undefined, { model: 'far-away', steps: '2' })).toBe(130);
  storeSearch(null);
  expect(await resumeCommand('one', {})).toBe(130);
  expect(runs.map(({ models }) => models)).toEqual([['far-away'], ['far-away']]);
  expect(() =>
    checkEvaluation(parseEvaluateSpec({ rows: [{ model: 'far-away' }], prompts: { count: 4 } })),
  ).not.toThrow();
});

test('is searched if workers serve this data folder, and others may join them', () => {
  writeFileSync(join(folder, 'workers.json'), JSON.stringify({ pid: process.pid, models: ['shapes'], address: 'x:1' }));
  expect(() => checkSearch(SPEC)).not.toThrow();
});

test('is refused at once if there is nothing that could serve it', async () => {
  await expect(searchCommand(undefined, { model: 'far-away' })).rejects.toThrow('There is no model "far-away".');
  expect(() => checkSearch(SPEC)).toThrow('There is no model "far-away".');
  expect(runs).toEqual([]);
});

test('does not keep a model that is here from being checked', () => {
  vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
  expect(() => checkSearch(parseSearchSpec({ model: 'shapes', precision: 'w4a7' }))).toThrow('no precision "w4a7"');
});
