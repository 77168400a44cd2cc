/** The views that other programs see, and files that cannot be used. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, test } from 'vitest';
import { asStoreError, openStore, type Store } from '../../db/open-store.js';
import { makeSearch as makeWhole } from '../../bench/made-search.js';
import { closeSearch, listSearches, openSearch } from '../../db/searches.js';
import { askTrials } from '../../db/trials.js';
import { QschedError } from '../../contract/errors.js';
import type { SearchResult } from '../../contract/search-result.js';
import { folder, path, store, makeSearch, steps, reference, ask, sql, run } from './store-fixture.js';

describe('views', () => {
  beforeEach(() => {
    const request = makeSearch('s');
    openSearch(store, request);
    run(request, 'calibration', [steps(1)], 0);
    run(request, 'calibration', [steps(0.9)], 1, () => [0.4, 0.5]);
    run(request, 'calibration', [steps(0.8)], 2, () => [0.3, 0.5]);
    askTrials(store, ask(reference(request), [steps(0.7)], 3));
  });

  const result = (recommend: string, own: object = {}): SearchResult =>
    ({
      finalist: steps(0.8),
      heldOut: { gain: 0.3, low: 0.1, high: 0.5, recommend, reason: 'because' },
      ...own,
    }) as unknown as SearchResult;
  const best = (): Record<string, unknown> => sql<Record<string, unknown>>('select * from best_coefficients')[0]!;

  test('show the progress and the history of the calibration', () => {
    expect(sql('select asked, scored, failed, best, identity from search_progress')).toEqual([
      { asked: 4, scored: 3, failed: 0, best: expect.closeTo(2, 12), identity: expect.closeTo(1.5, 12) },
    ]);
    expect(
      sql<{ best_so_far: number }>('select best_so_far from trial_history order by number').map(
        (row) => row.best_so_far,
      ),
    ).toEqual([1.5, 2, 2, 2].map((v) => expect.closeTo(v, 12) as number));
  });

  test('name no candidate of a running search that breaks a constraint', () => {
    const found = (id: string): Record<string, unknown> =>
      sql<Record<string, unknown>>(
        'select searched_score, searched_tc, searched_iq from best_coefficients where search_id = ?',
        id,
      )[0]!;
    const trial = (id: string, where: string): Record<string, unknown> =>
      sql<Record<string, unknown>>(
        `select score as searched_score, tc as searched_tc, iq as searched_iq from trials
         where search_id = ? and stage = 'calibration' and ${where} order by score desc limit 1`,
        id,
      )[0]!;
    const atLeast: Record<string, object> = {
      text: { text: -0.5 },
      both: { text: -0.5, quality: -0.5 },
      none: { text: 5 },
      other: { 'clip-iqa.sharpness': 0 },
      free: {},
    };
    for (const [id, wanted] of Object.entries(atLeast)) {
      const objective = Object.keys(wanted).length === 0 ? {} : { objective: { atLeast: wanted } };
      makeWhole(store, { id, trials: 20, prompts: 2, heldOut: 2, images: null, until: 'calibration', spec: objective });
      // The best two buy their score with what is constrained.
      const [first, second] = sql<{ number: number }>(
        "select number from trials where search_id = ? and stage = 'calibration' and number > 0 order by score desc",
        id,
      );
      const lower = (term: 'tc' | 'iq', { number }: { number: number }) =>
        sql(`update trials set ${term} = ${term} - 3 where search_id = ? and number = ? returning 1`, id, number);
      lower('tc', first!);
      lower('iq', second!);
    }
    expect(found('free')).toEqual(trial('free', 'number > 0'));
    expect(found('text')).toEqual(trial('text', 'tc > 0 and number > 0'));
    expect(found('text')['searched_iq']).toBeLessThan(0);
    expect(found('both')).toEqual(trial('both', 'tc > 0 and iq > 0 and number > 0'));
    // Text and quality alone are stored by trial: the baseline until the search has its result.
    expect(found('none')).toEqual(trial('none', 'number = 0'));
    expect(found('other')).toEqual(trial('other', 'number = 0'));
  });

  test('show repair scorer by scorer, and nothing of a result without it', () => {
    const at = (value: number) => ({ value, low: value - 1, high: value + 1 });
    const split = { prompts: 128, gain: at(8), full: at(3), repair: at(5) };
    const repair = [
      { ...split, scorer: 'objective', share: { value: 0.6, low: 0.5, high: null } },
      { ...split, scorer: 'second', share: null },
    ];
    const about = { precision: 'fp32', heldOut: { objective: 3 }, search: null };
    const shown = (control: object | null) => {
      closeSearch(store, 's', { status: 'finished', result: result('calibrated', { control }) });
      return sql('select * from repair_split order by position');
    };
    expect(shown({ ...about, repair })).toEqual([
      {
        search_id: 's',
        position: 0,
        scorer: 'objective',
        precision: 'fp32',
        prompts: 128,
        gain: 8,
        gain_low: 7,
        gain_high: 9,
        full_gain: 3,
        full_low: 2,
        full_high: 4,
        repair: 5,
        repair_low: 4,
        repair_high: 6,
        share: 0.6,
        share_low: 0.5,
        share_high: null,
      },
      expect.objectContaining({ position: 1, scorer: 'second', share: null, share_low: null, share_high: null }),
    ]);
    for (const control of [null, about, { ...about, repair: null }]) expect(shown(control)).toEqual([]);
  });

  test('show the search result, and no recommendation without a verdict', () => {
    const searched = {
      search_id: 's',
      status: 'running',
      model: 'm',
      precision: 'w4a8',
      scheduler: 'tcd',
      steps: 4,
      eta: 0,
      objective: 'jaq-clip',
      k: 2,
      range_low: 0.8,
      range_high: 1.2,
      optimizer: 'auto',
      searched_sample: '[0.9,0.9]',
      searched_noise: '[1,1]',
      searched_score: expect.closeTo(2, 12) as number,
      searched_tc: expect.closeTo(1, 12) as number,
      searched_iq: 0.5,
      searched_gain: expect.closeTo(0.5, 12) as number,
      identity_score: expect.closeTo(1.5, 12) as number,
    };
    const nothing = {
      verdict: null,
      recommend: null,
      reason: null,
      sample: null,
      noise: null,
      finalist_sample: null,
      finalist_noise: null,
      held_out_gain: null,
      held_out_low: null,
      held_out_high: null,
    };
    expect(best()).toEqual({ ...searched, ...nothing, date: expect.stringMatching(/^\d{4}-.*Z$/) as string });
    closeSearch(store, 's', { status: 'finished', result: result('none') });
    expect(best()).toMatchObject({
      ...searched,
      status: 'finished',
      verdict: 'none',
      sample: null,
      noise: null,
      finalist_sample: '[0.8,0.8]',
    });
  });

  test('show the finalist as recommended if the verdict recommends it', () => {
    closeSearch(store, 's', { status: 'finished', result: result('calibrated') });
    const [{ at }] = sql<{ at: string }>('select finished_at as at from searches') as [{ at: string }];
    expect(best()).toMatchObject({
      date: at,
      verdict: 'calibrated',
      recommend: 'calibrated',
      reason: 'because',
      sample: '[0.8,0.8]',
      noise: '[1,1]',
      held_out_gain: 0.3,
      held_out_low: 0.1,
      held_out_high: 0.5,
      searched_sample: '[0.9,0.9]',
      finalist_sample: '[0.8,0.8]',
      finalist_noise: '[1,1]',
    });
  });

  test('show the baseline as recommended if the verdict recommends it', () => {
    closeSearch(store, 's', { status: 'finished', result: result('identity') });
    expect(best()).toMatchObject({
      verdict: 'identity',
      sample: '[1,1]',
      noise: '[1,1]',
      finalist_sample: '[0.8,0.8]',
      held_out_gain: 0.3,
    });
  });

  test('show k only for objectives that have one', () => {
    const weighted = makeSearch('weighted', { rest: { objective: { type: 'iq' } } });
    openSearch(store, weighted);
    run(weighted, 'calibration', [steps(1)], 0);
    expect(sql("select objective, k from best_coefficients where search_id = 'weighted'")).toEqual([
      { objective: 'iq', k: null },
    ]);
  });

  test('give an overview of all searches, the latest first', () => {
    const other = makeSearch('other', { optimizer: { type: 'random', budget: 7 }, control: true });
    openSearch(store, other);
    expect(sql("select stage, asked, seconds from searches_overview where search_id = 'other'")).toEqual([
      { stage: null, asked: 0, seconds: 0 },
    ]);
    run(other, 'calibration', [steps(1), steps(0.9)], 0);
    run(other, 'select', [steps(0.9)], 1);
    run(other, 'confirm', [steps(1), steps(0.9)], 0);
    run(other, 'control', [steps(1)], 0);
    closeSearch(store, 'other', { status: 'finished', result: result('calibrated') });
    store.$client.exec(`
      update searches set created_at = '2026-01-01T00:00:00.000Z' where id = 's';
      update searches set created_at = '2026-01-02T00:00:00.000Z', updated_at = '2026-01-02T00:01:30.000Z' where id = 'other';
      update trials set updated_at = '2026-01-02T00:01:00.000Z', created_at = '2026-01-02T00:00:30.000Z'
        where search_id = 'other';
      update trials set updated_at = '2026-01-02T00:01:01.000Z' where search_id = 'other' and stage = 'control'`);
    const rows = sql<Record<string, unknown>>('select * from searches_overview');
    expect(rows.map((row) => row['search_id'])).toEqual(['other', 's']);
    expect(rows[0]).toEqual({
      search_id: 'other',
      status: 'finished',
      stage: 'control',
      model: 'm',
      precision: 'w4a8',
      scheduler: 'tcd',
      steps: 4,
      optimizer: 'random',
      budget: 7,
      asked: 2,
      scored: 2,
      failed: 0,
      raced: 0,
      select_scored: 1,
      confirm_scored: 2,
      control_scored: 1,
      best: expect.closeTo(2, 12) as number,
      identity: expect.closeTo(1.5, 12) as number,
      gain: 0.3,
      gain_low: 0.1,
      gain_high: 0.5,
      verdict: 'calibrated',
      seconds: expect.closeTo(90, 3) as number,
      worker_seconds: null,
      message: null,
      created_at: '2026-01-02T00:00:00.000Z',
      updated_at: '2026-01-02T00:01:30.000Z',
    });
    expect(rows[1]).toMatchObject({ status: 'running', stage: 'calibration', asked: 4, scored: 3, verdict: null });
  });

  test('can be read by any other program while we hold the file', () => {
    const other = new Database(path, { readonly: true });
    expect(other.prepare('select count(*) from best_coefficients').pluck().get()).toBe(1);
    other.close();
    const reader = openStore(path, { readonly: true });
    expect(listSearches(reader)).toHaveLength(1);
    reader.$client.close();
  });
});

describe('a file that cannot be used', () => {
  function refusalOf(open: () => Store): QschedError {
    try {
      open().$client.close();
    } catch (error) {
      if (error instanceof QschedError) return error;
      throw error;
    }
    throw new Error('the store was opened');
  }

  test('absent, for a reader', () => {
    const error = refusalOf(() => openStore(join(folder, 'none.db'), { readonly: true }));
    expect(error.message).toBe(`There is no database at ${join(folder, 'none.db')} yet.`);
    expect(error.exitCode).toBe(1);
    expect(existsSync(join(folder, 'none.db'))).toBe(false);
  });

  test('in a folder that does not exist', () => {
    expect(refusalOf(() => openStore(join(folder, 'no', 'qsched.db'))).message).toBe(
      `The folder of the database ${join(folder, 'no', 'qsched.db')} does not exist.`,
    );
  });

  test('not a database', () => {
    const text = join(folder, 'text.db');
    writeFileSync(text, 'just some text that is not a database, and long enough. '.repeat(40));
    const error = refusalOf(() => openStore(text));
    expect(error.message).toBe(`${text} is not a qsched database, or it is damaged.`);
    expect(error.hint).toContain('QSCHED_DATA');
    expect(readFileSync(text, 'utf8')).toMatch(/^just some text/);
  });

  test('written by a newer version', () => {
    store.$client.exec("insert into __drizzle_migrations (hash, created_at) values ('later', 99999999999999)");
    for (const readonly of [false, true]) {
      const error = refusalOf(() => openStore(path, { readonly }));
      expect(error.message).toBe(`The database ${path} was written by a newer version of qsched.`);
      expect(error.exitCode).toBe(1);
    }
  });

  test('locked by another program', () => {
    const other = new Database(path);
    other.exec('begin immediate');
    const error = refusalOf(() => openStore(path, { busyMilliseconds: 20 }));
    expect(error.message).toBe(`The database ${path} is locked by another program.`);
    expect(error.hint).toContain('try again');
    other.close();
    openStore(path, { busyMilliseconds: 20 }).$client.close();
  });

  test('a folder with its name', () => {
    mkdirSync(join(folder, 'taken.db'));
    expect(refusalOf(() => openStore(join(folder, 'taken.db'))).message).toBe(
      `The database ${join(folder, 'taken.db')} cannot be opened for writing.`,
    );
  });

  test('opened read-only', () => {
    const reader = openStore(path, { readonly: true });
    let caught: unknown;
    try {
      openSearch(reader, makeSearch('s'));
    } catch (error) {
      caught = error;
    }
    reader.$client.close();
    expect(asStoreError(caught, path).message).toBe(`The database ${path} cannot be opened for writing.`);
    expect(asStoreError(new Error('odd'), path).message).toBe(`The database ${path} failed: odd`);
  });
});
