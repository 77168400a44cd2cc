/** What other programs see of the store, and files that cannot be used. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, test } from 'vitest';
import { asStoreError, openStore, type Store } from '../../db/open-store.js';
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

  test('say what is best, how far it is, and how it went', () => {
    expect(
      sql('select search_id, sample, noise, score, identity_score, gain, status, recommend from best_coefficients'),
    ).toEqual([
      {
        search_id: 's',
        sample: '[0.9,0.9]',
        noise: '[1,1]',
        score: expect.closeTo(2, 12),
        identity_score: expect.closeTo(1.5, 12),
        gain: expect.closeTo(0.5, 12),
        status: 'running',
        recommend: null,
      },
    ]);
    expect(sql('select asked, scored, failed, best, identity from search_progress')).toEqual([
      { asked: 4, scored: 3, failed: 0, best: expect.closeTo(2, 12), identity: expect.closeTo(1.5, 12) },
    ]);
    expect(
      sql<{ best_so_far: number }>('select best_so_far from trial_history order by number').map(
        (row) => row.best_so_far,
      ),
    ).toEqual([1.5, 2, 2, 2].map((v) => expect.closeTo(v, 12) as number));
  });

  test('show the finalist once there is a verdict, and the best of the calibration beside it', () => {
    const result = {
      finalist: steps(0.8),
      heldOut: { gain: 0.3, low: 0.1, high: 0.5, recommend: 'calibrated' },
    } as unknown as SearchResult;
    expect(sql('select sample, finalist_sample, held_out_gain from best_coefficients')).toEqual([
      { sample: '[0.9,0.9]', finalist_sample: null, held_out_gain: null },
    ]);
    closeSearch(store, 's', { status: 'finished', result });
    expect(
      sql(
        'select sample, score, gain, recommend, finalist_sample, finalist_noise, held_out_gain, held_out_low, held_out_high from best_coefficients',
      ),
    ).toEqual([
      {
        sample: '[0.9,0.9]',
        score: expect.closeTo(2, 12),
        gain: expect.closeTo(0.5, 12),
        recommend: 'calibrated',
        finalist_sample: '[0.8,0.8]',
        finalist_noise: '[1,1]',
        held_out_gain: 0.3,
        held_out_low: 0.1,
        held_out_high: 0.5,
      },
    ]);
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

  test('in a folder that is not there', () => {
    expect(refusalOf(() => openStore(join(folder, 'no', 'qsched.db'))).message).toBe(
      `The folder of the database ${join(folder, 'no', 'qsched.db')} does not exist.`,
    );
  });

  test('not a database', () => {
    const text = join(folder, 'text.db');
    writeFileSync(text, 'just some text that is no database at all, and long enough. '.repeat(40));
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

  test('a folder in its place', () => {
    mkdirSync(join(folder, 'taken.db'));
    expect(refusalOf(() => openStore(join(folder, 'taken.db'))).message).toBe(
      `The database ${join(folder, 'taken.db')} cannot be opened for writing.`,
    );
  });

  test('opened for reading alone', () => {
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
