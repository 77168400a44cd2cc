import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { withFileLock } from '../../temporal/file-lock.js';
import { isAlive } from '../../temporal/process-alive.js';

const scratch = mkdtempSync(join(tmpdir(), 'qsched-lock-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const deadPid = spawnSync(process.execPath, ['-e', '']).pid;

describe('a file lock', () => {
  it('admits one at a time, and its file is removed afterwards', async () => {
    const path = join(scratch, 'one');
    const inside: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      inside.push(`+${name}`);
      await sleep(20);
      inside.push(`-${name}`);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => withFileLock(path, work(name))));
    const names = inside.filter((_, index) => index % 2 === 0).map((entry) => entry.slice(1));
    expect(inside).toEqual(names.flatMap((name) => [`+${name}`, `-${name}`]));
    expect(names.toSorted()).toEqual(['a', 'b', 'c']);
    expect(existsSync(path)).toBe(false);
  });

  it('is released if the work throws', async () => {
    const path = join(scratch, 'throws');
    await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(path)).toBe(false);
  });

  it('reports its holder while waiting', async () => {
    const path = join(scratch, 'waits');
    const waits: number[] = [];
    const first = withFileLock(path, () => sleep(50));
    await withFileLock(
      path,
      async () => {},
      (pid) => waits.push(pid),
    );
    await first;
    expect(waits).toEqual([process.pid]);
  });

  it('of a dead process is taken over', async () => {
    const path = join(scratch, 'dead');
    writeFileSync(path, JSON.stringify({ pid: deadPid, host: hostname(), token: 'x' }));
    expect(isAlive(deadPid)).toBe(false);
    expect(await withFileLock(path, async () => 'done')).toBe('done');
  });

  it.each(['', JSON.stringify({ pid: process.pid, host: 'another-machine', token: 'x' })])(
    'that was not touched for a long time is taken over (%s)',
    async (content) => {
      const path = join(scratch, 'old');
      writeFileSync(path, content);
      utimesSync(path, new Date(0), new Date(0));
      expect(await withFileLock(path, async () => 'done')).toBe('done');
    },
  );
});

describe('a process', () => {
  it.each([
    [process.pid, true],
    [0, false],
    [-1, false],
    [1.5, false],
  ])('%d: alive %s', (pid, alive) => {
    expect(isAlive(pid)).toBe(alive);
  });
});
