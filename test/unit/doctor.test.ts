/** What `qsched doctor` finds wrong, and what to do about it. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { findingOf } from '../../cli/doctor/finding.js';
import { memoryDetail, nodeDetail } from '../../cli/doctor/machine.js';
import { refuseChanged } from '../../cli/doctor/models.js';
import { databaseDetail } from '../../cli/doctor/store.js';
import { openStore } from '../../db/open-store.js';
import { inspectModels } from '../../inference/model-listing.js';
import { findModel } from '../../inference/models/model-roots.js';
import { QschedError } from '../../contract/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'qsched-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['20.16.0', false],
  ['18.20.0', false],
  ['20.17.0', true],
  ['22.0.0', true],
])('Node %s', (version, ok) => {
  if (ok) expect(nodeDetail(version)).toContain(`v${version}`);
  else expect(() => nodeDetail(version)).toThrow(/older than 20\.17/);
});

test('little memory', () => {
  expect(() => memoryDetail(1e8, 8e9)).toThrow(/^only .* free$/);
  expect(memoryDetail(4e9, 8e9)).toContain('doctor --model');
});

describe('a database', () => {
  const path = join(folder, 'qsched.db');

  test('that does not exist', () => {
    expect(databaseDetail(path)).toBe('none yet; the first search creates it');
  });

  test('that is intact is not changed', () => {
    openStore(path).$client.close();
    expect(databaseDetail(path)).toMatch(/intact, up to date$/);
  });

  test('of another version', () => {
    const client = new Database(path);
    client.exec('update __drizzle_migrations set created_at = 1');
    expect(databaseDetail(path)).toContain('older version');
    client.exec('update __drizzle_migrations set created_at = 99999999999999');
    client.close();
    expect(() => databaseDetail(path)).toThrow(/newer version/);
  });

  test('that is none', () => {
    const other = join(folder, 'text.db');
    writeFileSync(other, 'this is a text, and no database at all: '.repeat(50));
    expect(() => databaseDetail(other)).toThrow(QschedError);
  });
});

test('a bundled file that was changed', async () => {
  const root = join(folder, 'models');
  cpSync(findModel('shapes'), join(root, 'shapes'), { recursive: true });
  cpSync(join(findModel('shapes'), '..', 'manifest.json'), join(root, 'manifest.json'));
  const [model] = inspectModels(join(root, 'shapes'));
  await refuseChanged(model!);
  writeFileSync(join(root, 'shapes', model!.files[0]!), 'changed');
  await expect(refuseChanged(model!)).rejects.toThrow(/is not the file that was shipped$/);
});

test('a check that fails says what to do: its own hint, or that of the error', async () => {
  const failing = (error: Error) => ({
    name: 'x',
    advice: 'Do this.',
    find: () => {
      throw error;
    },
  });
  expect(await findingOf(failing(new Error('why')))).toEqual({
    check: 'x',
    ok: false,
    detail: 'why',
    advice: 'Do this.',
    required: true,
  });
  const hinted = { ...failing(new QschedError('failure', 'why', 'Do that.')), optional: true as const };
  expect(await findingOf(hinted)).toMatchObject({ advice: 'Do that.', required: false });
});
