/** Who serves the live page of a data folder, and the addresses that are printed because of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { liveHomeOf, livePageOf, readLiveRecord, writeLiveRecord } from '../../live/live-record.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-live-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const ended = (): number => spawnSync(process.execPath, ['-e', '']).pid;

test('without a record nobody serves', () => {
  expect(readLiveRecord(folder)).toBeNull();
  expect(liveHomeOf(folder)).toBeNull();
  expect(livePageOf(folder, 's')).toBeNull();
});

test('a living process gives addresses; ids are escaped', () => {
  writeLiveRecord(folder, { pid: process.pid, port: 8234, serving: true });
  expect(liveHomeOf(folder)).toBe('http://127.0.0.1:8234');
  expect(livePageOf(folder, 'shapes-w4a8')).toBe('http://127.0.0.1:8234/searches/shapes-w4a8');
  expect(livePageOf(folder, 'a/b ?"<#')).toBe('http://127.0.0.1:8234/searches/a%2Fb%20%3F%22%3C%23');
  expect(livePageOf(folder, 'table', 'tables')).toBe('http://127.0.0.1:8234/tables/table');
});

test('a process that stopped serving, has ended, or is another program gives none, but the port stays known', () => {
  const other = spawn('sleep', ['60']);
  try {
    for (const record of [
      { pid: process.pid, port: 8234, serving: false },
      { pid: ended(), port: 8234, serving: true },
      { pid: other.pid!, port: 8234, serving: true },
    ]) {
      writeLiveRecord(folder, record);
      expect(liveHomeOf(folder)).toBeNull();
      expect(readLiveRecord(folder)?.port).toBe(8234);
    }
  } finally {
    other.kill();
  }
});

test('what is not a record counts as none', () => {
  for (const text of ['', 'null', '{"pid": 1}', '{"pid": 1, "port": 0, "serving": true}', '[1']) {
    writeFileSync(join(folder, 'live.json'), text);
    expect(readLiveRecord(folder)).toBeNull();
  }
  writeLiveRecord(folder, { pid: 1, port: 8234, serving: false });
  expect(JSON.parse(readFileSync(join(folder, 'live.json'), 'utf8'))).toEqual({ pid: 1, port: 8234, serving: false });
});
