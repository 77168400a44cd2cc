/** What an artefact folder holds, and how it is cleaned while others use it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeImage, encodeTable } from '../../artefacts/artefact-formats.js';
import { openArtefactFolder, type ArtefactStore } from '../../artefacts/artefact-store.js';
import { cleanArtefacts } from '../../artefacts/clean.js';
import { encodeShard } from '../../artefacts/shard-record.js';
import { artefactUsage } from '../../artefacts/usage.js';

const HOUR = 3600;
const KEY_BYTES = 64;

let folder: string;
let artefacts: ArtefactStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-clean-'));
  artefacts = openArtefactFolder(folder);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const pathOf = (part: 'objects' | 'keys', hash: string): string => join(folder, part, hash.slice(0, 2), hash);
const keyOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const usedAt = (path: string): number => statSync(path).mtimeMs / 1000;

/** An object of 100 bytes with a key, last used so many hours ago. */
function put(name: string, hoursAgo: number): string {
  const hash = artefacts.put(Buffer.alloc(100, name));
  artefacts.bind(keyOf(name), hash);
  const used = Date.now() / 1000 - hoursAgo * HOUR;
  utimesSync(pathOf('objects', hash), used, used);
  return hash;
}
const has = (name: string): boolean => {
  const hash = artefacts.find(keyOf(name));
  return hash !== undefined && artefacts.get(hash) !== undefined;
};

describe('usage', () => {
  test('counts files and bytes by kind', () => {
    const image = encodeImage({ width: 2, height: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    const failure = encodeImage({ failed: 'the latent has 1 values that are not finite' });
    const tables = [Float32Array.of(1), Float64Array.of(1)].map((values) =>
      encodeTable({ rows: 1, columns: 1, values }),
    );
    const record = encodeShard([]);
    const other = Buffer.from('{"features":"clip"}');
    const all = [image, failure, ...tables, record, other];
    const hashes = all.map((bytes) => artefacts.put(bytes));
    artefacts.bind(keyOf('image'), hashes[0]!);
    const of = (...bytes: Uint8Array[]) => ({
      count: bytes.length,
      bytes: bytes.reduce((sum, { length }) => sum + length, 0),
    });
    expect(artefactUsage(folder)).toEqual({
      count: all.length + 1,
      bytes: of(...all).bytes + KEY_BYTES,
      kinds: {
        images: of(image),
        failures: of(failure),
        tables: of(...tables),
        embeddings: of(),
        records: of(record),
        keys: { count: 1, bytes: KEY_BYTES },
        other: of(other),
      },
    });
  });

  test('of a folder that does not exist is nothing', () => {
    expect(artefactUsage(join(folder, 'absent'))).toMatchObject({ count: 0, bytes: 0 });
    expect(cleanArtefacts(join(folder, 'absent'), 0)).toEqual({
      removed: { count: 0, bytes: 0 },
      kept: { count: 0, bytes: 0 },
    });
  });
});

describe('the time of use', () => {
  test('is written when an object is read, at most once per hour', () => {
    const old = put('old', 5);
    const recent = put('recent', 0.5);
    const before = usedAt(pathOf('objects', recent));
    artefacts.get(old);
    artefacts.get(recent);
    expect(Date.now() / 1000 - usedAt(pathOf('objects', old))).toBeLessThan(60);
    expect(usedAt(pathOf('objects', recent))).toBe(before);
  });
});

describe('clean', () => {
  test('removes the least recently used objects with their keys, and no more than it must', () => {
    for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) put(name, 10 - i);
    const each = 100 + KEY_BYTES;
    expect(cleanArtefacts(folder, 2 * each + 50)).toEqual({
      removed: { count: 4, bytes: 2 * each },
      kept: { count: 4, bytes: 2 * each },
    });
    expect(['a', 'b', 'c', 'd'].map(has)).toEqual([false, false, true, true]);
    expect(artefactUsage(folder)).toMatchObject({ count: 4, bytes: 2 * each });
  });

  test('goes by the last use, not by age', () => {
    put('a', 10);
    put('b', 9);
    expect(has('a')).toBe(true);
    cleanArtefacts(folder, 200);
    expect(existsSync(pathOf('objects', keyOf('b')))).toBe(false);
    expect([has('a'), has('b')]).toEqual([true, false]);
  });

  test('removes nothing from a folder that is small enough', () => {
    put('a', 1);
    expect(cleanArtefacts(folder, 164).removed).toEqual({ count: 0, bytes: 0 });
    expect(has('a')).toBe(true);
  });

  test('with 0 bytes removes everything that is finished', () => {
    put('a', 1);
    artefacts.bind(keyOf('another key'), artefacts.find(keyOf('a'))!);
    expect(cleanArtefacts(folder, 0)).toEqual({
      removed: { count: 3, bytes: 100 + 2 * KEY_BYTES },
      kept: { count: 0, bytes: 0 },
    });
  });

  test('leaves files that are being written, and removes those that a killed process left', () => {
    const hash = put('a', 1);
    const [now, dayOld] = ['1.tmp', '2.tmp'].map((end) => `${pathOf('objects', hash)}.${end}`);
    writeFileSync(now!, 'half');
    writeFileSync(dayOld!, 'half');
    utimesSync(dayOld!, Date.now() / 1000 - 25 * HOUR, Date.now() / 1000 - 25 * HOUR);
    expect(cleanArtefacts(folder, 1e6).removed).toEqual({ count: 1, bytes: 4 });
    cleanArtefacts(folder, 0);
    expect([existsSync(now!), existsSync(dayOld!)]).toEqual([true, false]);
  });

  test('removes keys whose object is gone', () => {
    const hash = put('a', 1);
    rmSync(pathOf('objects', hash));
    expect(cleanArtefacts(folder, 1e6).removed).toEqual({ count: 1, bytes: KEY_BYTES });
  });

  test('leaves other files alone', () => {
    put('a', 1);
    writeFileSync(join(folder, 'objects', 'README'), 'ours');
    const beside = join(
      folder,
      'objects',
      readdirSync(join(folder, 'objects')).find((name) => name.length === 2)!,
      'notes',
    );
    writeFileSync(beside, 'ours');
    cleanArtefacts(folder, 0);
    expect(existsSync(beside)).toBe(true);
    expect(existsSync(join(folder, 'objects', 'README'))).toBe(true);
  });

  test('works beside a process that writes and reads: what is removed is absent there, never damaged', async () => {
    const module = join(import.meta.dirname, '../../artefacts/artefact-store.ts');
    const stop = join(folder, 'stop');
    const program = `import { existsSync } from 'node:fs';
      import { openArtefactFolder } from ${JSON.stringify(module)};
      const artefacts = openArtefactFolder(${JSON.stringify(folder)});
      let made = 0, reused = 0;
      for (let i = 0; !existsSync(${JSON.stringify(stop)}) || reused === 0 || made <= 40; i = (i + 1) % 40) {
        const key = i.toString(16).padStart(64, '0');
        const found = artefacts.find(key);
        if (found !== undefined && artefacts.get(found) !== undefined) reused += 1;
        else { artefacts.bind(key, artefacts.put(Buffer.alloc(20_000, i))); made += 1; }
      }
      console.log(JSON.stringify({ made, reused, damaged: artefacts.damaged() }));`;
    const finished = promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    let ended = false;
    finished.then(
      () => (ended = true),
      () => (ended = true),
    );
    let removed = 0;
    for (let rounds = 0; rounds < 20 && !ended; rounds += removed > 0 ? 1 : 0) {
      removed += cleanArtefacts(folder, 100_000).removed.count;
      await new Promise((next) => {
        setTimeout(next, 20);
      });
    }
    writeFileSync(stop, '');
    const { stdout } = await finished;
    const counts = JSON.parse(stdout) as { made: number; reused: number; damaged: number };
    expect(counts.damaged).toBe(0);
    // The process ends once it made more than there are keys: some of them again.
    expect(counts.made).toBeGreaterThan(40);
    expect(removed).toBeGreaterThan(0);
  });
});
