/** The artefact folder: content by hash, damage that counts as absence, several processes, and what is kept in it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeImage, decodeTable, encodeImage, encodeTable } from '../../artefacts/artefact-formats.js';
import { hashOf, numbersKey, imageContext, imageKey } from '../../artefacts/artefact-keys.js';
import { openArtefactFolder, type ArtefactStore } from '../../artefacts/artefact-store.js';
import { readReferenceFeatures } from '../../inference/models/reference-features.js';
import { encodeFloats } from '../../contract/float-text.js';

const MODULE = join(import.meta.dirname, '..', '..', 'artefacts', 'artefact-store.ts');

let folder: string;
let artefacts: ArtefactStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'qsched-artefacts-'));
  artefacts = openArtefactFolder(folder);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const pathOf = (kind: 'objects' | 'keys', hash: string): string => join(folder, kind, hash.slice(0, 2), hash);
const key = (n: number): string => sha256(Buffer.from(`key ${n}`));
const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();

describe('content', () => {
  test('is found by its sha256, and by a key that was bound to it', () => {
    const bytes = Buffer.from('an image');
    const hash = artefacts.put(bytes);
    expect(hash).toBe(sha256(bytes));
    expect(artefacts.get(hash)).toEqual(bytes);
    expect(artefacts.find(key(1))).toBeUndefined();
    artefacts.bind(key(1), hash);
    expect(openArtefactFolder(folder).find(key(1))).toBe(hash);
    expect(files()).toEqual([hash, key(1)].sort());
  });

  test('that was never put is absent, and no damage', () => {
    expect(artefacts.get(key(1))).toBeUndefined();
    expect(artefacts.damaged()).toBe(0);
  });

  test('is one file, however often it is put', () => {
    for (let i = 0; i < 3; i += 1) artefacts.put(Buffer.from('the same'));
    expect(files()).toHaveLength(1);
  });

  test.each(['', '../../etc/passwd', 'A'.repeat(64), 'ab'])('by the name %j is refused', (name) => {
    expect(() => artefacts.get(name)).toThrow('is not a sha256');
    expect(() => artefacts.bind(key(1), name)).toThrow('is not a sha256');
    expect(() => artefacts.find(name)).toThrow('is not a sha256');
  });
});

describe('damage', () => {
  test.each([
    [
      'a changed byte',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[3]! ^= 1;
        writeFileSync(path, bytes);
      },
    ],
    ['a file cut short', (path: string) => truncateSync(path, 2)],
    ['an empty file', (path: string) => truncateSync(path, 0)],
  ])('%s counts as absent, is removed and counted, and made again', (_, damage) => {
    const bytes = Buffer.from('0123456789');
    const hash = artefacts.put(bytes);
    artefacts.bind(key(1), hash);
    damage(pathOf('objects', hash));
    expect(artefacts.get(hash)).toBeUndefined();
    expect(artefacts.damaged()).toBe(1);
    expect(existsSync(pathOf('objects', hash))).toBe(false);
    expect(artefacts.put(bytes)).toBe(hash);
    expect(artefacts.get(artefacts.find(key(1))!)).toEqual(bytes);
  });

  test('a binding that is no hash counts as none, and is removed', () => {
    artefacts.bind(key(1), artefacts.put(Buffer.from('x')));
    truncateSync(pathOf('keys', key(1)), 10);
    expect(artefacts.find(key(1))).toBeUndefined();
    expect(artefacts.damaged()).toBe(1);
    expect(existsSync(pathOf('keys', key(1)))).toBe(false);
  });

  test('a temporary file that a killed process left is nothing', () => {
    const bytes = Buffer.from('whole');
    const hash = sha256(bytes);
    artefacts.put(Buffer.from('other'));
    artefacts.put(bytes);
    writeFileSync(`${pathOf('objects', hash)}.0.tmp`, bytes.subarray(0, 2));
    rmSync(pathOf('objects', hash));
    expect(artefacts.get(hash)).toBeUndefined();
    expect(artefacts.damaged()).toBe(0);
    artefacts.put(bytes);
    expect(artefacts.get(hash)).toEqual(bytes);
  });
});

/** Runs a script in a process of its own, with `artefacts` open. */
async function inProcess(script: string, limit = ''): Promise<string> {
  const program = `import { openArtefactFolder } from ${JSON.stringify(MODULE)};\nconst artefacts = openArtefactFolder(${JSON.stringify(folder)});\n${script}`;
  const { stdout } = await promisify(execFile)('bash', [
    '-c',
    `${limit} exec ${JSON.stringify(process.execPath)} --import tsx --input-type=module -e "$0"`,
    program,
  ]);
  return stdout;
}

describe('processes', () => {
  test('that write the same content and keys at once leave all of it whole; a reader never sees half of it', async () => {
    const script = `for (let round = 0; round < 20; round += 1) for (let i = 0; i < 10; i += 1) {
      const hash = artefacts.put(Buffer.alloc(100_000, i));
      artefacts.bind(hash, hash);
      if (artefacts.get(artefacts.find(hash)) === undefined) throw new Error('torn');
    }
    console.log(artefacts.damaged());`;
    expect(await Promise.all([inProcess(script), inProcess(script)])).toEqual(['0\n', '0\n']);
    const hashes = Array.from({ length: 10 }, (_, i) => sha256(Buffer.alloc(100_000, i)));
    expect(files()).toEqual([...hashes, ...hashes].sort());
    expect(hashes.every((hash) => artefacts.get(artefacts.find(hash)!) !== undefined)).toBe(true);
  });

  test('on a full disk say so, and leave nothing half written', async () => {
    // The limit on the size of a file acts as a disk with that much space.
    const out = await inProcess(
      `try { artefacts.put(Buffer.alloc(1_000_000, 7)); } catch ({ code, message, hint, final }) { console.log(JSON.stringify({ code, message, hint, final })); }`,
      "trap '' XFSZ; ulimit -f 16;",
    );
    expect(JSON.parse(out)).toEqual({
      code: 'failure',
      message: expect.stringMatching(/^The disk that holds the artefact folder .* is full \(EFBIG\)\.$/) as unknown,
      hint: expect.stringContaining('the same command continues') as unknown,
      final: false,
    });
    expect(files()).toEqual([]);
  });

  test('cannot use a folder that is a file', () => {
    const path = join(folder, 'a-file');
    writeFileSync(path, '');
    expect(() => openArtefactFolder(path).put(Buffer.from('x'))).toThrow(
      /The artefact folder .*a-file cannot be written/,
    );
  });

  test('bind anew by a new file: whoever redraws is seen', () => {
    const hash = artefacts.put(Buffer.from('x'));
    artefacts.bind(key(1), hash);
    const before = statSync(pathOf('keys', key(1))).ino;
    artefacts.bind(key(2), hash);
    artefacts.bind(key(1), hash);
    expect(statSync(pathOf('keys', key(1))).ino).not.toBe(before);
  });
});

describe('formats', () => {
  test('an image comes back to the byte', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (width, height, bytes) => {
          const data = Uint8Array.from({ length: width * height * 3 }, () => bytes.next().value);
          expect(decodeImage(encodeImage({ width, height, data }))).toEqual({ width, height, data });
        },
      ),
      { numRuns: 30 },
    );
  });

  test('an image that failed comes back with its reason', () => {
    expect(decodeImage(encodeImage({ failed: 'the latent has 3 values that are not finite' }))).toEqual({
      failed: 'the latent has 3 values that are not finite',
    });
  });

  test('what is not an image is none', () => {
    expect(decodeImage(Buffer.from('{"format":"else"}'))).toBeUndefined();
    expect(decodeImage(Buffer.from('{'))).toBeUndefined();
    expect(decodeImage(Buffer.from('nonsense'))).toBeUndefined();
  });

  test.each([Float32Array, Float64Array])('a table comes back to the bit, NaN too', (Kind) => {
    const table = { rows: 2, columns: 3, values: Kind.from([1, NaN, -0, Infinity, Math.PI, 2 ** -40]) };
    expect(decodeTable(encodeTable(table))).toEqual(table);
  });

  test('the header of a table is as written down', () => {
    const bytes = encodeTable({ rows: 1, columns: 2, values: Float32Array.from([1, 2]) });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      `${Buffer.from('qsfloat1').toString('hex')}01000000020000000400000000000000` + '0000803f00000040',
    );
  });

  test('bytes that are no table are none', () => {
    const bytes = encodeTable({ rows: 1, columns: 2, values: Float32Array.from([1, 2]) });
    expect(decodeTable(bytes.subarray(0, bytes.length - 1))).toBeUndefined();
    expect(decodeTable(bytes.subarray(0, 10))).toBeUndefined();
    expect(decodeTable(Buffer.alloc(40))).toBeUndefined();
  });
});

describe('keys', () => {
  const schedule = {
    scheduler: 'tcd',
    initNoiseSigma: 1,
    steps: [{ timestep: 999, inputScale: 1, a: 0.1, b: 0.9, d: 0, n: 0 }],
  };

  test('of images tell apart all that decides them, and nothing else', () => {
    const other = { ...schedule, steps: [{ ...schedule.steps[0]!, a: 0.1 + 2 ** -55 }] };
    const contexts = [imageContext('n', schedule), imageContext('m', schedule), imageContext('n', other)];
    expect(new Set(contexts).size).toBe(3);
    expect(imageContext('n', { steps: schedule.steps, initNoiseSigma: 1, scheduler: 'tcd' })).toBe(contexts[0]);
    const keys = [
      { text: 'a', seed: 1 },
      { text: 'a', seed: 2 },
      { text: 'b', seed: 1 },
    ].map((pair) => imageKey(contexts[0]!, pair));
    expect(new Set(keys).size).toBe(3);
    expect(imageKey(contexts[0]!, { text: 'a', seed: 1, nouns: ['a'] })).toBe(keys[0]);
  });

  test('of numbers tell apart scorer, kind, images, and for terms the prompts', () => {
    const pairs = [{ text: 'a', seed: 1 }];
    const base = numbersKey('terms', 's', ['p'], pairs);
    expect(
      new Set([
        base,
        numbersKey('features', 's', ['p'], pairs),
        numbersKey('terms', 't', ['p'], pairs),
        numbersKey('terms', 's', ['q'], pairs),
        numbersKey('terms', 's', ['p'], [{ text: 'b', seed: 1 }]),
        numbersKey('terms', 's', ['p'], [{ text: 'a', seed: 1, nouns: ['x'] }]),
      ]).size,
    ).toBe(6);
    expect(numbersKey('features', 's', ['p'], pairs)).toBe(
      numbersKey('features', 's', ['p'], [{ text: 'b', seed: 2 }]),
    );
    expect(hashOf({ b: 1, a: 2 })).toBe(hashOf({ a: 2, b: 1 }));
  });
});

describe('reference features', () => {
  const write = (value: unknown): void => {
    mkdirSync(join(folder, 'reference'), { recursive: true });
    writeFileSync(join(folder, 'reference', 'clip.json'), JSON.stringify(value));
  };
  const whole = {
    features: 'clip',
    dimension: 2,
    images: 10,
    source: 'here',
    mean: encodeFloats(Float64Array.of(1, 2)),
    covariance: encodeFloats(Float64Array.of(3, 0.5, 0.5, 4)),
  };

  test('are read, whole or as their upper triangle', () => {
    write(whole);
    const read = readReferenceFeatures(folder, 'clip');
    expect(read).toEqual({
      name: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      dimension: 2,
      images: 10,
      source: 'here',
      mean: Float64Array.of(1, 2),
      covariance: Float64Array.of(3, 0.5, 0.5, 4),
    });
    write({ ...whole, covariance: encodeFloats(Float64Array.of(3, 0.5, 4)) });
    expect(readReferenceFeatures(folder, 'clip')).toEqual(read);
  });

  test('are read once, until their file changes', () => {
    write(whole);
    const read = readReferenceFeatures(folder, 'clip');
    expect(readReferenceFeatures(folder, 'clip')).toBe(read);
    write({ ...whole, mean: encodeFloats(Float64Array.of(1, 2.5)), source: 'elsewhere' });
    const other = readReferenceFeatures(folder, 'clip');
    expect(other!.mean).toEqual(Float64Array.of(1, 2.5));
    expect(other!.name).not.toBe(read!.name);
  });

  test('that are not there are null', () => {
    expect(readReferenceFeatures(folder, 'clip')).toBeNull();
  });

  test.each([
    ['another scorer', { ...whole, features: 'other' }, 'holds the features of "other"'],
    ['no dimension', { ...whole, dimension: 0 }, 'needs "dimension" and "images"'],
    ['a short mean', { ...whole, mean: encodeFloats(Float64Array.of(1)) }, 'a mean of 1'],
    ['half a number', { ...whole, mean: 'AAAA' }, 'a mean of 0'],
    ['NaN', { ...whole, mean: encodeFloats(Float64Array.of(1, NaN)) }, 'not finite'],
    ['a text for numbers', { ...whole, covariance: 7 }, 'a covariance of 0'],
  ])('with %s are refused, with the command that makes them', (_, value, message) => {
    write(value);
    expect(() => readReferenceFeatures(folder, 'clip')).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining(message) as unknown,
        hint: expect.stringContaining('tools/feature_statistics.py') as unknown,
      }),
    );
  });
});
