/** Hashes of large files are kept on disk, and are good for the file that was hashed alone. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';

const SIZE = 64 * 2 ** 20;
const scratch = mkdtempSync(join(tmpdir(), 'qsched-hashes-'));
const cache = join(scratch, 'cache');
const hashes = join(cache, 'hashes');
const model = join(scratch, 'model.onnx_data');
const OLD = new Date('2024-01-01');

/** A sparse file that begins with `text`. */
function large(path: string, text: string): void {
  writeFileSync(path, text);
  truncateSync(path, SIZE);
  utimesSync(path, OLD, OLD);
}

/** Changes the first bytes in place; the time of change is set back. */
function overwrite(path: string, text: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, text, 0);
  closeSync(file);
  utimesSync(path, OLD, OLD);
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The modules as another process has them: with nothing in memory. Bytes that had to be read are counted. */
async function anotherProcess() {
  vi.resetModules();
  const { hashFile, isSlowToHash } = await import('../../inference/models/file-hashes.js');
  const { hashAhead } = await import('../../inference/models/hash-ahead.js');
  const read = { bytes: 0 };
  const onBytes = (count: number): void => {
    read.bytes += count;
  };
  return { read, hash: (path: string) => hashFile(path, onBytes), isSlowToHash, hashAhead };
}

/** Times of change lie behind us, as those of a model that is there already. */
const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 2100));

beforeAll(() => vi.stubEnv('QSCHED_CACHE', cache));
beforeEach(() => rmSync(cache, { recursive: true, force: true }));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

test('another process finds the hash, until the file is changed in any way that the file system shows', async () => {
  large(model, 'one');
  await settle();
  const first = await anotherProcess();
  expect(first.isSlowToHash(model)).toBe(true);
  const one = await first.hash(model);
  expect([one, first.read.bytes]).toEqual([sha256(model), SIZE]);
  const second = await anotherProcess();
  expect(second.isSlowToHash(model)).toBe(false);
  expect([await second.hash(model), second.read.bytes]).toEqual([one, 0]);

  // Same size, another time of change of its content.
  overwrite(model, 'two');
  utimesSync(model, OLD, new Date('2024-01-02'));
  const third = await anotherProcess();
  expect([await third.hash(model), third.read.bytes]).toEqual([sha256(model), SIZE]);

  // Same size and the same old time of change: only ctime differs.
  utimesSync(model, OLD, OLD);
  await settle();
  const fourth = await anotherProcess();
  const two = await fourth.hash(model);
  const before = statSync(model);
  overwrite(model, 'six');
  expect(statSync(model)).toMatchObject({ size: before.size, mtimeMs: before.mtimeMs, ino: before.ino });
  const fifth = await anotherProcess();
  expect(await fifth.hash(model)).not.toBe(two);
  expect(await fifth.hash(model)).toBe(sha256(model));
});

test('a file that replaces another has another inode', async () => {
  large(model, 'one');
  await settle();
  const one = await (await anotherProcess()).hash(model);
  large(join(scratch, 'new'), 'two');
  renameSync(join(scratch, 'new'), model);
  expect(await (await anotherProcess()).hash(model)).toBe(sha256(model));
  expect(sha256(model)).not.toBe(one);
});

test('a damaged or unfinished entry counts as absent, and is written again', async () => {
  large(model, 'one');
  await settle();
  await (await anotherProcess()).hash(model);
  const [name] = readdirSync(hashes);
  const entry = join(hashes, name!);
  const whole = readFileSync(entry, 'utf8');
  for (const torn of ['', whole.slice(0, -10), `${whole.slice(0, -1)}`, whole.replace(/[0-9a-f]\n$/, 'x\n'), '\0\0']) {
    writeFileSync(entry, torn);
    const process = await anotherProcess();
    expect([await process.hash(model), process.read.bytes]).toEqual([sha256(model), SIZE]);
    expect(readFileSync(entry, 'utf8')).toBe(whole);
  }
});

test('processes that hash at the same time leave one whole entry', async () => {
  large(model, 'one');
  await settle();
  const processes = [await anotherProcess(), await anotherProcess(), await anotherProcess()];
  const found = await Promise.all(processes.map(({ hash }) => hash(model)));
  expect(new Set(found)).toEqual(new Set([sha256(model)]));
  expect(readdirSync(hashes)).toHaveLength(1);
  const later = await anotherProcess();
  expect([await later.hash(model), later.read.bytes]).toEqual([sha256(model), 0]);
});

test('nothing is kept of a file that was just written, of a small one, or where the folder cannot be made', async () => {
  large(model, 'one');
  await (await anotherProcess()).hash(model);
  const small = join(scratch, 'small.onnx');
  writeFileSync(small, 'small');
  await settle();
  const process = await anotherProcess();
  expect(process.isSlowToHash(small)).toBe(false);
  expect(await process.hash(small)).toBe(sha256(small));
  expect(() => readdirSync(hashes)).toThrow(/ENOENT/);
  mkdirSync(cache, { recursive: true });
  writeFileSync(hashes, 'a file');
  expect(await (await anotherProcess()).hash(model)).toBe(sha256(model));
});

test('hashing ahead tells how much there is, where hashes are kept, and nothing the second time', async () => {
  large(model, 'one');
  await settle();
  const lines: string[] = [];
  const say = (line: string): number => lines.push(line);
  const first = await anotherProcess();
  await first.hashAhead([model, model], say, SIZE);
  expect(lines).toEqual(['hashing 0.1 GB of model files, once', expect.stringContaining(`kept in ${hashes}`)]);
  await (await anotherProcess()).hashAhead([model], say, SIZE);
  expect(lines).toHaveLength(2);
  await (await anotherProcess()).hashAhead([], say, 0);
  expect(lines).toHaveLength(2);
});
