/**
 * Journals for Optuna: the file is that which Optuna 5.0.0 and optuna-dashboard have read (tools/optuna/read_journal.py), and
 * what they found in it is what was written.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { exportOptunaCommand } from '../../cli/commands/export-optuna-command.js';
import { optunaJournal, type JournalStudy, type JournalTrial } from '../../cli/text/optuna-journal.js';
import { openStore } from '../../db/open-store.js';
import { makeKnownSearch } from './known-search.js';

const golden = (name: string): string => readFileSync(new URL(`../golden/optuna/${name}`, import.meta.url), 'utf8');

const trial = (number: number, more: Partial<JournalTrial>): JournalTrial => ({
  state: 'complete',
  value: 2 + number / 7,
  point: [1 - number / 64, 1 + number / 32],
  intermediate: { 40: 2 + number / 7 },
  attributes: {
    stage: 'calibration',
    number,
    baseline: number === 0,
    tc: 1.5,
    iq: null,
    seconds: 0.25,
    sample: [1, 1],
  },
  start: `2026-01-31T12:00:0${number}.123Z`,
  complete: `2026-01-31T12:01:0${number}.456Z`,
  ...more,
});

const STUDY: JournalStudy = {
  name: 'known',
  parameters: ['sample.start', 'noise.start'],
  range: [0.8, 1.2],
  attributes: { model: 'shapes', verdict: 'calibrated', held_out_gain: 0.25, objective: { type: 'jaq-clip', k: 2 } },
  note: `**Recommended: the finalist.** ${'"quotes", <b>, é, 図 '.repeat(150)}\n`,
  trials: [
    trial(0, {}),
    trial(1, {}),
    trial(2, { state: 'pruned', intermediate: { 8: 2 + 2 / 7 } }),
    trial(3, { state: 'fail', value: null, intermediate: {} }),
    trial(4, { point: [0.75, 1.25] }),
    trial(5, { state: 'running', value: null, intermediate: {} }),
  ],
};

interface Found {
  readonly study: string;
  readonly direction: string;
  readonly best: number;
  readonly attributes: unknown;
  readonly note: string;
  readonly trials: readonly (Record<string, unknown> & { readonly params: Record<string, number> })[];
  readonly dashboard: { readonly directions: unknown; readonly trials: readonly string[]; readonly best: unknown };
}

describe('a journal', () => {
  const found = JSON.parse(golden('known.json')) as Found;

  it('is the file that was given to Optuna', () => {
    expect(optunaJournal(STUDY)).toBe(golden('known.journal'));
  });

  it('is read by Optuna as it was written', () => {
    const { name, attributes, note, parameters, trials } = STUDY;
    expect(found).toMatchObject({ study: name, direction: 'maximize', best: 4, attributes, note });
    expect(found.trials).toEqual(
      trials.map(({ state, value, point, intermediate, attributes: own }) => ({
        state,
        value,
        params: Object.fromEntries(parameters.map((parameter, i) => [parameter, point[i]])),
        low: [0.75, 0.75],
        high: [1.25, 1.25],
        intermediate,
        attributes: own,
        seconds: state === 'running' ? null : 60.333,
      })),
    );
  });

  it('is shown by optuna-dashboard with its states, its direction and its note', () => {
    expect(found.dashboard).toEqual({
      studies: 1,
      directions: ['maximize'],
      trials: ['Complete', 'Complete', 'Pruned', 'Fail', 'Complete', 'Running'],
      best: [4],
      note: STUDY.note.length,
    });
  });
});

describe('qsched export-optuna', () => {
  const folder = mkdtempSync(join(tmpdir(), 'qsched-optuna-'));
  const output = join(folder, 'known.journal');
  const printed: string[] = [];

  beforeAll(() => {
    vi.stubEnv('QSCHED_DATA', folder);
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const store = openStore(join(folder, 'qsched.db'));
    makeKnownSearch(store, 'known', { finished: false, open: 1 });
    store.$client.close();
  });

  afterAll(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('writes every calibration trial with its state', () => {
    expect(exportOptunaCommand('known', { output, json: true })).toBe(0);
    expect(JSON.parse(printed.join(''))).toEqual({ output, study: 'known', trials: 7 });
    const lines = readFileSync(output, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const trials = lines.filter(({ op_code: code }) => code === 4);
    expect(trials.map(({ state }) => state)).toEqual([1, 1, 1, 1, 1, 3, 0]);
    expect(trials[1]).toMatchObject({
      value: 1.2,
      params: { 'sample.start': 1 + 1 / 64, 'noise.end': 1 - 1 / 64 },
      user_attrs: { number: 1, baseline: false, tc: 1, iq: 0.1 },
      intermediate_values: { 4: 1.2 },
    });
  });

  it('refuses a search that is not there, and writes nothing', () => {
    const other = join(folder, 'other.journal');
    expect(() => exportOptunaCommand('unknown', { output: other })).toThrow(/There is no search "unknown"/);
    expect(existsSync(other)).toBe(false);
  });
});
