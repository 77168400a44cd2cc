/** A full disk as the reason why a server does not answer. */
import { expect, it } from 'vitest';
import { fullDisk } from '../../cli/host/full-disk.js';

const disk = (blocks: number, bavail: number, bsize = 4096) => fullDisk('/data', () => ({ blocks, bavail, bsize }));

it('names the folder without space', () => {
  expect(disk(1000, 2)).toBe('the disk that holds /data is full');
  expect(disk(1000, 0)).toBe('the disk that holds /data is full');
});

it('is null if there is space, or it is unknown', () => {
  expect(disk(1_000_000, 500_000)).toBeNull();
  expect(disk(0, 0)).toBeNull();
  expect(fullDisk('/nowhere/at/all')).toBeNull();
});

it('asks the real file system', () => {
  expect(fullDisk(process.cwd())).toBeNull();
});
