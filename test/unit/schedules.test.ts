/** Schedules as things of their own: stored by content, listed, shown, added by hand, refused with a clear sentence. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { scheduleCommand, schedulesCommand } from '../../cli/commands/schedule-command.js';
import { finishSearch } from '../../db/finish.js';
import { openStore, type Store } from '../../db/open-store.js';
import { findSchedules, listSchedules, scheduleOfSearch, storeSchedule } from '../../db/schedules.js';
import { openSearch } from '../../db/searches.js';
import { identityCoefficients } from '../../diffusion/coefficients.js';
import { noiseLevels } from '../../diffusion/noise-level.js';
import { scheduleDocument } from '../../diffusion/schedule-document.js';
import { createScheduler } from '../../diffusion/scheduler.js';
import { planObjective } from '../../metrics/objectives/plan-objective.js';
import { plainOpening } from '../../contract/opening.js';
import type { FinishRequest } from '../../contract/payloads.js';
import { objectiveAt } from '../../contract/settled-k.js';
import { parseSearchSpec } from '../../contract/validate.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-schedules-'));
  vi.stubEnv('QSCHED_DATA', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const tcd = () => {
  const scheduler = createScheduler({ _class_name: 'TCDScheduler' });
  scheduler.setTimesteps(4);
  return scheduler;
};
const TUNED = { sample: [0.95, 0.97, 0.99, 1.01], noise: [1.1, 1.05, 1, 0.95] };
const document = (kind: 'file' | 'ptqd' = 'file', searchId?: string) =>
  scheduleDocument(
    tcd(),
    { kind, scheduler: { type: 'tcd', steps: 4, eta: 0 }, ...(searchId === undefined ? {} : { searchId }) },
    TUNED,
  );

/** What a command writes to stdout. */
function said(command: () => number): string {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  expect(command()).toBe(0);
  spy.mockRestore();
  return text;
}

describe('in the database', () => {
  let store: Store;
  beforeEach(() => {
    store = openStore(':memory:');
  });
  afterEach(() => {
    store.$client.close();
  });

  it('the same steps are one row, whoever made them', () => {
    const first = storeSchedule(store, document());
    expect(first).toEqual({ id: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown, added: true });
    expect(storeSchedule(store, { ...document('ptqd'), model: 'other' })).toEqual({ id: first.id, added: false });
    expect(listSchedules(store)).toHaveLength(1);
    expect(findSchedules(store, first.id.slice(0, 6))[0]!.document).toEqual(document());
    expect(findSchedules(store, 'zz')).toEqual([]);
    expect(findSchedules(store, '%')).toEqual([]);
  });

  it('everybody who made the same steps is kept, the latest first', () => {
    const { id } = storeSchedule(store, { ...document(), model: 'm', precision: 'w4a6' });
    storeSchedule(store, { ...document(), model: 'm', precision: 'w4a8' });
    const made = () => listSchedules(store)[0]!.origins.map(({ precision }) => precision);
    expect(made()).toEqual(['w4a8', 'w4a6']);
    expect(storeSchedule(store, { ...document(), model: 'm', precision: 'w4a6' })).toEqual({ id, added: false });
    expect(made()).toEqual(['w4a6', 'w4a8']);
  });

  it('searches of two networks with the same finalist have both stored it', () => {
    for (const [searchId, precision] of [
      ['a', 'w4a8'],
      ['b', 'w4a6'],
    ] as const) {
      storeSchedule(store, { ...document(), kind: 'q-sched', model: 'm', precision, searchId });
    }
    expect([scheduleOfSearch(store, 'a'), scheduleOfSearch(store, 'b')]).toEqual([
      listSchedules(store)[0]!.id,
      listSchedules(store)[0]!.id,
    ]);
    expect(scheduleOfSearch(store, 'c')).toBeUndefined();
  });

  it('a search that is not here is no source', () => {
    storeSchedule(store, document('file', 'elsewhere'));
    expect(store.$client.prepare('select search_id as id from schedules').get()).toEqual({ id: null });
  });

  it('a finished search stores its identity and its finalist, as the scheduler fuses them', () => {
    const spec = parseSearchSpec({
      model: 'm',
      prompts: { texts: ['a'] },
      select: { texts: ['b'] },
      confirm: { texts: ['c', 'd'] },
    });
    const split = { set: null, texts: [], count: 1, sha256: '', nounsSha256: null, seeds: [0] };
    const context = {
      id: 'c',
      model: 'm',
      precision: 'w4a8',
      scorer: 'objective',
      provenance: { schedule: tcd().fused() },
    };
    openSearch(store, {
      searchId: 's',
      spec,
      opening: plainOpening(spec.optimizer.budget),
      objective: planObjective(objectiveAt(spec.objective, undefined)),
      contexts: [context],
      nouns: null,
      texts: { calibration: ['a'], select: ['b'], confirm: ['c', 'd'] },
      splits: { calibration: split, select: split, confirm: split },
    });
    const heldOut = { prompts: 2, gain: 0, low: 0, high: 0, recommend: 'none', reason: '', scorers: [] };
    const result = {
      searchId: 's',
      status: 'finished',
      identity: { trial: 0, coefficients: identityCoefficients(4), score: 0 },
      best: { trial: 1, coefficients: TUNED, score: 0 },
      finalist: TUNED,
      heldOut,
    } as unknown as FinishRequest['result'];
    finishSearch(store, { result });
    finishSearch(store, { result });
    const rows = listSchedules(store).map(({ document: one }) => one);
    expect(rows.map(({ kind, searchId, model }) => `${kind} ${searchId} ${model}`).sort()).toEqual([
      'identity s m',
      'q-sched s m',
    ]);
    expect(rows.find(({ kind }) => kind === 'q-sched')!.fused).toEqual(tcd().fused(TUNED));
    expect(rows.find(({ kind }) => kind === 'identity')!.fused).toEqual(tcd().fused());
  });
});

describe('on the command line', () => {
  const file = (content: unknown): string => {
    const path = join(folder, 'schedule.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const byHand = (more: Record<string, unknown> = {}) => ({
    format: 'qsched-schedule/1',
    model: 'shapes',
    scheduler: { type: 'tcd', steps: 4, eta: 0 },
    coefficients: TUNED,
    ...more,
  });

  it('a file is added once, listed and shown', () => {
    const path = file(byHand());
    const { id, added } = JSON.parse(said(() => scheduleCommand('add', path, { json: true }))) as {
      id: string;
      added: boolean;
    };
    expect(added).toBe(true);
    expect(said(() => scheduleCommand('add', path, {}))).toContain('already stored: ');
    expect(JSON.parse(said(() => schedulesCommand({ json: true })))).toMatchObject([
      { id, kind: 'file', scheduler: 'tcd', steps: 4, model: 'shapes', coefficients: TUNED },
    ]);
    expect(said(() => schedulesCommand({}))).toContain(`${id.slice(0, 12)}  file  tcd`);
    const text = said(() => scheduleCommand('show', id.slice(0, 8), {}));
    expect(text).toContain('step  timestep  c^x     c^eps   A         B');
    expect(text).toContain('0     999       0.9500  1.1000');
    expect(text).toMatch(/999 +\.+\*\.+\|\.{10} +\.{10}\|\.+\* +#{21} 14\.6146/);
    expect(
      said(() => scheduleCommand('show', path, {}))
        .split('\n')
        .slice(2),
    ).toEqual(text.split('\n').slice(2));
    expect((JSON.parse(said(() => scheduleCommand('show', id, { json: true }))) as { fused: unknown }).fused).toEqual(
      tcd().fused(TUNED),
    );
  });

  it('the same steps are one line, with all that they were made for', () => {
    const store = openStore(join(folder, 'qsched.db'));
    for (const [searchId, precision] of [
      ['first', 'w4a8'],
      ['second', 'w4a6'],
    ] as const) {
      storeSchedule(store, { ...document(), kind: 'q-sched', model: 'm', precision, searchId });
    }
    store.$client.close();
    expect(said(() => schedulesCommand({}))).toMatch(
      /\n[0-9a-f]{12} +q-sched +tcd +4 +0 +m w4a6, m w4a8 +second and 1 more /,
    );
    expect(JSON.parse(said(() => schedulesCommand({ json: true })))).toMatchObject([
      {
        kind: 'q-sched',
        precision: 'w4a8',
        origins: [
          { precision: 'w4a6', searchId: 'second' },
          { precision: 'w4a8', searchId: 'first' },
        ],
      },
    ]);
  });

  it('a database of an older version is migrated', () => {
    const older = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'databases', '0.1.0.db.gz'));
    writeFileSync(join(folder, 'qsched.db'), gunzipSync(older));
    expect(
      (JSON.parse(said(() => schedulesCommand({ json: true }))) as { kind: string }[]).map(({ kind }) => kind),
    ).toEqual(['ptqd', 'q-sched', 'identity', 'q-sched']);
  });

  it('none yet', () => {
    expect(said(() => schedulesCommand({}))).toContain('There is no schedule yet.');
    expect(() => scheduleCommand('show', 'abc', {})).toThrow('There is no schedule "abc"');
  });

  it.each<[string, unknown, RegExp]>([
    ['not JSON', 'x', /schedule\.json cannot be read/],
    [
      'of the wrong length',
      byHand({ coefficients: { sample: [1], noise: [1] } }),
      /coefficients\.sample has 1 entries, but scheduler\.steps is 4/,
    ],
    [
      'with what is not a number',
      byHand({ coefficients: { sample: [1, 1, '1', 1], noise: [1, 1, 1, 1] } }),
      /coefficients\.sample\.2 must be a finite number/,
    ],
    ['for other steps', byHand({ timesteps: [999, 499, 259, 19] }), /made for the timesteps 999, 499, 259, 19/],
    [
      'for another scheduler',
      byHand({ fused: { ...tcd().fused(), scheduler: 'lcm' } }),
      /made with the scheduler "lcm"/,
    ],
    [
      'that flow matching cannot sample',
      byHand({ scheduler: { type: 'flow-match-euler', steps: 4, eta: 0 } }),
      /scheduler\.type is "flow-match-euler", but the model predicts epsilon/,
    ],
    ['of an unknown model', byHand({ model: 'shpaes' }), /There is no model "shpaes"/],
    ['of no model', byHand({ model: undefined }), /neither a model nor scheduler\.config/],
    [
      'with eta outside [0, 1]',
      byHand({ scheduler: { type: 'tcd', steps: 4, eta: 2 } }),
      /scheduler\.eta must be from 0 to 1/,
    ],
  ])('a file %s is refused', (_, content, pattern) => {
    const path = file(content);
    expect(() => scheduleCommand('add', path, {})).toThrow(pattern);
  });

  it('an action that there is not', () => {
    expect(() => scheduleCommand('shwo', 'x', {})).toThrow('qsched schedule has no action "shwo".');
  });
});

describe('noise levels', () => {
  it.each([
    [
      {
        _class_name: 'EulerDiscreteScheduler',
        beta_start: 0.00085,
        beta_end: 0.012,
        beta_schedule: 'scaled_linear',
        timestep_spacing: 'trailing',
      },
      [14.6146, 4.0817, 1.6129, 0.6932],
    ],
    [{ _class_name: 'FlowMatchEulerDiscreteScheduler' }, [1, 0.667, 0.334, 0.001]],
    [
      { _class_name: 'CMStochasticIterativeScheduler', clip_denoised: false },
      [0, 10, 20, 30].map((i) => (80 ** (1 / 7) + (i / 39) * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7),
    ],
  ])('of %o', (config, expected) => {
    const scheduler = createScheduler(config);
    scheduler.setTimesteps(4);
    noiseLevels(scheduler).forEach((sigma, i) => expect(Math.abs(sigma / expected[i]! - 1)).toBeLessThan(5e-3));
  });
});
