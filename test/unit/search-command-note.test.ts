/** What `qsched search` says about flags without effect, before anything is started. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { searchCommand } from '../../cli/commands/search-command.js';

// No host, no server: the search is interrupted as it starts.
vi.mock('../../cli/follow/visit-host.js', () => ({ runToEnd: () => Promise.resolve(null) }));

let folder: string;
let said = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-note-'));
  vi.stubEnv('QSCHED_DATA', folder);
  said = '';
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

test.each([
  [{ weights: 'clip-score-hessel=1,clip-iqa.scary=-1', k: '3' }, 'weighted'],
  [{ objective: 'iq', k: '5' }, 'iq'],
])('%j: --k has no effect', async (flags, type) => {
  expect(await searchCommand(undefined, { model: 'shapes', ...flags })).toBe(130);
  expect(said.match(/--k .*\n/g)).toEqual([`--k ${flags.k} has no effect: the objective "${type}" has no k.\n`]);
});

test.each([{ objective: 'iq' }, { k: '3' }])('%j: nothing is said', async (flags) => {
  await searchCommand(undefined, { model: 'shapes', steps: '1', ...flags });
  expect(said).not.toContain('--k');
  expect(said).toContain('shapes w4a8, 1 step, ');
});
