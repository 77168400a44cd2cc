/** `qsched report`: where the file goes, what is refused, and the browser. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeSearch } from '../../bench/made-search.js';
import { reportCommand } from '../../cli/commands/report-command.js';
import { openStore } from '../../db/open-store.js';

const before = process.cwd();
let data: string;
let folder: string;
let [stdout, stderr] = ['', ''];

beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'qsched-report-'));
  const store = openStore(join(data, 'qsched.db'));
  for (const id of ['made-a', 'made-b']) makeSearch(store, { id, trials: 6, prompts: 2, heldOut: 24, images: null });
  store.$client.close();
});
afterAll(() => rmSync(data, { recursive: true, force: true }));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-report-'));
  process.chdir(folder);
  vi.stubEnv('QSCHED_DATA', data);
  [stdout, stderr] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  process.chdir(before);
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('the file', () => {
  it('is in the working folder, and named by the search', async () => {
    expect(await reportCommand(['made-a'], {})).toBe(0);
    expect(readdirSync('.')).toEqual(['qsched-report-made-a.html']);
    expect(stdout).toMatch(/^wrote qsched-report-made-a\.html \(\d+\.\d KB\)\n$/);
    expect(readFileSync('qsched-report-made-a.html', 'utf8')).toMatch(/^<!doctype html>\n<html lang="en">/);
  });

  it('is named by the first of several', async () => {
    await reportCommand(['made-a', 'made-b'], {});
    expect(readdirSync('.')).toEqual(['qsched-report-made-a-and-1-more.html']);
  });

  it('goes where --output says, beside the data of --json', async () => {
    await reportCommand(['made-a'], { output: 'mine.html', json: true });
    expect(JSON.parse(stdout)).toMatchObject({ format: 'qsched report', parts: [{ id: 'made-a' }] });
    expect(stderr).toMatch(/^wrote mine\.html/);
    expect(existsSync('mine.html')).toBe(true);
  });

  it('is not written for --json alone', async () => {
    await reportCommand(['made-a'], { json: true });
    expect(JSON.parse(stdout)).toHaveProperty('parts');
    expect(readdirSync('.')).toEqual([]);
  });
});

describe('refused', () => {
  const refusal = (output: string): Promise<unknown> =>
    reportCommand(['made-a'], { output }).then(
      () => 'nothing',
      (error: unknown) => error,
    );

  it('a folder', async () => {
    mkdirSync('taken');
    expect(await refusal('taken')).toMatchObject({
      code: 'usage',
      message: '--output: taken is a folder.',
      hint: 'Name a file in it: --output taken/report.html',
    });
    expect(await refusal('other/')).toMatchObject({ message: '--output: other/ is a folder.' });
  });

  it('a folder that is not there', async () => {
    expect(await refusal('absent/report.html')).toMatchObject({
      code: 'usage',
      message: `--output: there is no folder ${join(process.cwd(), 'absent')}.`,
    });
  });

  it('a folder that cannot be written, without leaving anything behind', async () => {
    // A folder in the place of the file that is written first stops root as well.
    mkdirSync('report.html.new');
    expect(await refusal('report.html')).toMatchObject({
      code: 'failure',
      message: expect.stringMatching(/^report\.html cannot be written: EISDIR/) as unknown,
    });
    expect(existsSync('report.html')).toBe(false);
  });

  it('an id that is not stored, with the nearest', async () => {
    await expect(reportCommand(['made-c'], {})).rejects.toMatchObject({
      code: 'usage',
      message: 'There is no search, evaluation or table "made-c".',
    });
  });
});

describe('--open', () => {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';

  it('opens the file', async () => {
    mkdirSync('bin');
    writeFileSync(join('bin', opener), '#!/bin/sh\necho "$1" > opened\n');
    chmodSync(join('bin', opener), 0o755);
    vi.stubEnv('PATH', join(folder, 'bin'));
    await reportCommand(['made-a'], { open: true });
    expect(readFileSync('opened', 'utf8').trim()).toBe(join(process.cwd(), 'qsched-report-made-a.html'));
    expect(stderr).toBe('');
  });

  it('says where the file is if there is no browser', async () => {
    vi.stubEnv('PATH', join(folder, 'empty'));
    await reportCommand(['made-a'], { open: true });
    expect(stderr).toBe(
      `No browser was opened: ${opener} is not on PATH. Open ${join(process.cwd(), 'qsched-report-made-a.html')} in one.\n`,
    );
  });
});
