/** `qsched clean`: sizes in words, a dry run, and what is removed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openArtefactFolder } from '../../artefacts/artefact-store.js';
import { artefactUsage } from '../../artefacts/usage.js';
import { cleanCommand } from '../../cli/commands/clean-command.js';
import { formatBytes, parseBytes } from '../../cli/text/bytes.js';

let folder: string;
let printed: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-clean-'));
  vi.stubEnv('QSCHED_ARTEFACTS', folder);
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  const store = openArtefactFolder(folder);
  for (let i = 0; i < 3; i += 1) store.put(new Uint8Array(1000).fill(i));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('removes what is above the limit', () => {
  expect(cleanCommand({ maxBytes: '2.1kB' })).toBe(0);
  expect(printed).toMatch(/^removed 1 files \(1\.0 KB\); 2\.0 KB remain in /);
  expect(artefactUsage(folder)).toMatchObject({ count: 2, bytes: 2000 });
});

test('a dry run removes nothing, and says how much is above the limit', () => {
  expect(cleanCommand({ maxBytes: '500', dryRun: true })).toBe(0);
  expect(printed).toMatch(/3 files, 3\.0 KB\n {2}other: 3 files, 3\.0 KB\n2\.5 KB would be removed/);
  printed = '';
  cleanCommand({ maxBytes: '10GB', dryRun: true, json: true });
  expect(JSON.parse(printed)).toMatchObject({
    maxBytes: 10e9,
    dryRun: true,
    above: 0,
    usage: { count: 3, bytes: 3000 },
  });
  expect(artefactUsage(folder).count).toBe(3);
});

test('needs a limit', () => {
  expect(() => cleanCommand({})).toThrow('--max-bytes is missing.');
});

test.each([
  ['10GB', 10e9],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['500mb', 500e6],
  ['0', 0],
  ['1234', 1234],
])('%s is a size', (text, bytes) => {
  expect(parseBytes('--max-bytes', text)).toBe(bytes);
});

test.each(['', 'GB', '10 elephants', '-1', '1e9', '1,5GB'])('%j is not', (text) => {
  expect(() => parseBytes('--max-bytes', text)).toThrow('which is not a size.');
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1500, '1.5 KB'],
  [2_500_000, '2.5 MB'],
  [12_340_000_000, '12.3 GB'],
])('%i bytes read as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
