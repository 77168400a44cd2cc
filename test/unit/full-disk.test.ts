/** A full disk is said where a server falls silent. */
import { expect, it } from 'vitest';
import { fullDisk } from '../../cli/host/full-disk.js';

const disk = (blocks: number, bavail: number, bsize = 4096) => fullDisk('/data', () => ({ blocks, bavail, bsize }));

it('says which folder has no room left', () => {
  expect(disk(1000, 2)).toBe('the disk that holds /data is full');
  expect(disk(1000, 0)).toBe('the disk that holds /data is full');
});

it('says nothing where there is room, or where nobody knows', () => {
  expect(disk(1_000_000, 500_000)).toBeNull();
  expect(disk(0, 0)).toBeNull();
  expect(fullDisk('/nowhere/at/all')).toBeNull();
});

it('asks the real file system', () => {
  expect(fullDisk(process.cwd())).toBeNull();
});
