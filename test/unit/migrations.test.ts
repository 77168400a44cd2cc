/** Databases of older versions are migrated with their contents. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isOlder } from '../../db/older.js';
import { openStore, type Store } from '../../db/open-store.js';
import { latestFit, listSchedules, scheduleOfSearch, storeSchedule } from '../../db/schedules.js';
import { findSearch } from '../../db/searches.js';
import type { CompleteSchedule } from '../../contract/schedule-document.js';

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'db', 'migrations');
const BEFORE = ['0000_init', '0001_schedules', '0002_runs'];

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-migrations-'));
  path = join(folder, 'qsched.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A database as an older version left it. */
function oldDatabase(fill: (database: Database.Database) => void): void {
  const database = new Database(path);
  const journal = JSON.parse(readFileSync(join(MIGRATIONS, 'meta', '_journal.json'), 'utf8')) as {
    entries: { tag: string; when: number }[];
  };
  database.exec('create table __drizzle_migrations (id integer primary key, hash text not null, created_at numeric)');
  for (const tag of BEFORE) {
    for (const statement of readFileSync(join(MIGRATIONS, `${tag}.sql`), 'utf8').split('--> statement-breakpoint')) {
      database.exec(statement);
    }
    database
      .prepare('insert into __drizzle_migrations (hash, created_at) values (?, ?)')
      .run(tag, journal.entries.find((entry) => entry.tag === tag)!.when);
  }
  fill(database);
  database.close();
}

const document = (kind: 'q-sched' | 'ptqd', own: Partial<CompleteSchedule>): CompleteSchedule => ({
  format: 'qsched-schedule/1',
  kind,
  model: 'm',
  precision: 'w4a8',
  scheduler: { type: 'tcd', steps: 1, eta: 0.3 },
  timesteps: [999],
  coefficients: { sample: [0.9], noise: [1] },
  fused: { scheduler: 'tcd', initNoiseSigma: 1, steps: [{ timestep: 999, inputScale: 1, a: 0.5, b: 0.5, d: 0, n: 0 }] },
  ...own,
});

function opened<T>(body: (store: Store) => T): T {
  const store = openStore(path);
  try {
    return body(store);
  } finally {
    store.$client.close();
  }
}

test('schedules keep their origins, and searches the time they finished', () => {
  const made = document('q-sched', { searchId: 's' });
  oldDatabase((database) => {
    const insert =
      'insert into searches (id, model, precision, steps, optimizer, spec, status, result, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)';
    database
      .prepare(insert)
      .run('s', 'm', 'w4a8', 1, 'cma-es', '{}', 'finished', '{"finalist":{}}', '2026-01-02T00:00:00.000Z');
    database.prepare(insert).run('open', 'm', 'w4a8', 1, 'cma-es', '{}', 'running', null, '2026-01-03T00:00:00.000Z');
    database
      .prepare(
        'insert into schedules (id, kind, scheduler, steps, model, precision, coefficients, fused, document, search_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run('0'.repeat(64), 'q-sched', 'tcd', 1, 'm', 'w4a8', '{}', '{}', JSON.stringify(made), 's');
  });
  opened((store) => {
    expect([findSearch(store, 's')!.finishedAt, findSearch(store, 'open')!.finishedAt]).toEqual([
      '2026-01-02T00:00:00.000Z',
      null,
    ]);
    expect(scheduleOfSearch(store, 's')).toBe('0'.repeat(64));
    expect(listSchedules(store)).toMatchObject([
      { document: made, origins: [{ kind: 'q-sched', model: 'm', precision: 'w4a8', searchId: 's' }] },
    ]);
  });
});

test('a schedule that is stored again after the migration has the same origin', () => {
  const fit = document('ptqd', { ptqd: [{ method: 'std', gamma: 0.1, mu: 0.2, variance: 0.01 }] });
  const origins = () =>
    opened((store) => store.$client.prepare('select origin from schedule_origins order by 1').pluck().all());
  opened((store) => storeSchedule(store, fit));
  const after = origins();
  const id = opened((store) => listSchedules(store)[0]!.id);
  rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), 'qsched-migrations-'));
  path = join(folder, 'qsched.db');
  oldDatabase((database) => {
    database
      .prepare(
        'insert into schedules (id, kind, scheduler, steps, model, precision, coefficients, fused, document) values (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(id, 'ptqd', 'tcd', 1, 'm', 'w4a8', '{}', '{}', JSON.stringify(fit));
  });
  expect(origins()).toEqual(after);
  opened((store) => storeSchedule(store, fit));
  expect(origins()).toEqual(after);
  expect(
    opened((store) =>
      latestFit(store, 'ptqd', { model: 'm', precision: 'w4a8', scheduler: { type: 'tcd', steps: 1, eta: 0.3 } }),
    ),
  ).toEqual({ id, usedAt: expect.any(String) as unknown, document: fit });
});

test('is recognised as older until it is opened for writing', () => {
  oldDatabase(() => undefined);
  const reader = openStore(path, { readonly: true });
  expect(isOlder(reader)).toBe(true);
  reader.$client.close();
  expect(opened(isOlder)).toBe(false);
});
