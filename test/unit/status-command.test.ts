/** `qsched status`: sorted, and true: what a database has as running may have ended with its processes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { statusCommand } from '../../cli/commands/status-command.js';
import { sortStatus, SORTS, type StatusRow } from '../../cli/text/status-table.js';
import { openStore } from '../../db/open-store.js';
import { writeLiveRecord } from '../../live/live-record.js';
import { makeKnownSearch } from './known-search.js';

let folder: string;
let [printed, said] = ['', ''];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-status-'));
  vi.stubEnv('QSCHED_DATA', folder);
  vi.stubEnv('TEMPORAL_ADDRESS', '');
  vi.stubEnv('TEMPORAL_CONFIG_FILE', join(folder, 'absent.toml'));
  const store = openStore(join(folder, 'qsched.db'));
  makeKnownSearch(store, 'one-finished');
  makeKnownSearch(store, 'two-lost', { finished: false });
  store.$client.close();
  [printed, said] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (printed += String(text)) !== '');
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => (said += String(text)) !== '');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const statuses = async (): Promise<[string, string, boolean][]> => {
  expect(await statusCommand(undefined, { json: true, sort: 'search' })).toBe(0);
  return (JSON.parse(printed) as StatusRow[]).map(({ searchId, status, confirmed }) => [searchId!, status!, confirmed]);
};

test('a search whose server is off was interrupted, and can be resumed', async () => {
  expect(await statuses()).toEqual([
    ['one-finished', 'finished', true],
    ['two-lost', 'interrupted', true],
  ]);
  printed = '';
  await statusCommand('two', {});
  expect(printed).toMatch(/^two-lost +interrupted /m);
  expect(printed).not.toContain('one-finished');
  expect(said).toBe('  resume: npx qsched resume two-lost\n');
});

test('where the configured server does not answer, nothing is known, and that is said', async () => {
  vi.stubEnv('TEMPORAL_ADDRESS', '127.0.0.1:1');
  expect(await statuses()).toEqual([
    ['one-finished', 'finished', true],
    ['two-lost', 'running', false],
  ]);
  expect(said).toMatch(/^note: whether searches are running is not known: The Temporal server at 127\.0\.0\.1:1 /);
  printed = '';
  await statusCommand(undefined, {});
  expect(printed).toMatch(/^two-lost +running\? /m);
}, 30_000);

test('sorts by every column, those without a value last', () => {
  const row = (searchId: string, own: Partial<StatusRow>): StatusRow =>
    ({
      gain: null,
      best: null,
      seconds: 1,
      status: 'finished',
      model: 'm',
      createdAt: '2026',
      searchId,
      ...own,
    }) as StatusRow;
  const rows = [row('a', {}), row('b', { gain: 0.1, createdAt: '2028' }), row('c', { gain: 0.2, best: 3, seconds: 9 })];
  const order = (by: (typeof SORTS)[number]): string =>
    sortStatus(rows, by)
      .map(({ searchId }) => searchId)
      .join('');
  expect(SORTS.map((by) => [by, order(by)])).toEqual([
    ['date', 'bac'],
    ['gain', 'cba'],
    ['best', 'cab'],
    ['time', 'cab'],
    ['status', 'abc'],
    ['model', 'abc'],
    ['search', 'abc'],
  ]);
});

test('the live page is named while it is served', async () => {
  await statusCommand(undefined, { json: true });
  expect((JSON.parse(printed) as { livePage: unknown }[]).map(({ livePage }) => livePage)).toEqual([null, null]);
  writeLiveRecord(folder, { pid: process.pid, port: 8234, serving: true });
  printed = '';
  await statusCommand(undefined, { json: true, sort: 'search' });
  expect(JSON.parse(printed)).toMatchObject([
    { livePage: 'http://127.0.0.1:8234/searches/one-finished' },
    { livePage: 'http://127.0.0.1:8234/searches/two-lost' },
  ]);
  expect(said).toBe('');
  await statusCommand(undefined, {});
  expect(said).toContain('  live page: http://127.0.0.1:8234\n');
});
