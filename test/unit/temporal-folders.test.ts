import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../artefacts/cache-folder.js';
import { cachedBinary } from '../../temporal/cache-folder.js';
import { dataFolder } from '../../temporal/data-folder.js';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'qsched-folders-')));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the data folder', () => {
  it('is created with its parents, and stays empty', () => {
    const wanted = join(scratch, 'a', 'b');
    expect(dataFolder({ QSCHED_DATA: wanted })).toBe(wanted);
    expect(existsSync(wanted)).toBe(true);
    expect(readdirSync(wanted)).toEqual([]);
  });

  it('is .qsched in the working folder if QSCHED_DATA is empty', () => {
    const before = process.cwd();
    process.chdir(scratch);
    try {
      expect(dataFolder({ QSCHED_DATA: '' })).toBe(resolve('.qsched'));
    } finally {
      process.chdir(before);
    }
  });

  it.each(['taken', join('taken', 'below')])('that is a file (%s) is refused with what to do', (name) => {
    writeFileSync(join(scratch, 'taken'), '');
    const attempt = (): string => dataFolder({ QSCHED_DATA: join(scratch, name) });
    expect(attempt).toThrow(/cannot be written: a file has that name/);
    expect(attempt).toThrow(
      expect.objectContaining({
        name: 'QschedError',
        code: 'failure',
        hint: expect.stringContaining('QSCHED_DATA') as unknown,
      }),
    );
  });
});

describe('the cache folder', () => {
  it.each([
    [{ QSCHED_CACHE: '/x/y', XDG_CACHE_HOME: '/z' }, '/x/y'],
    [{ XDG_CACHE_HOME: '/z' }, join('/z', 'qsched')],
    [{}, join(homedir(), '.cache', 'qsched')],
  ])('follows %o', (env, folder) => {
    expect(cacheFolder(env)).toBe(folder);
    expect(cachedBinary(env)).toMatch(/temporal-\d+\.\d+\.\d+(\.exe)?$/);
  });
});
