/** The artefact folder: content by hash, damage that counts as absence, several processes, and the formats kept in it. */
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
import { decodeReference } from '../../artefacts/reference-statistics.js';
import { decodeShard, encodeShard } from '../../artefacts/shard-record.js';
import { referenceBytes } from '../../inference/models/reference-features.js';
import { encodeFloats } from '../../contract/float-text.js';
import { toWireSchedule } from '../../contract/wire/schedule.js';

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
  test('is read by its sha256, and by a key that is bound to it', () => {
    const bytes = Buffer.from('an image');
    const hash = artefacts.put(bytes);
    expect(hash).toBe(sha256(bytes));
    expect(artefacts.get(hash)).toEqual(bytes);
    expect(artefacts.find(key(1))).toBeUndefined();
    artefacts.bind(key(1), hash);
    expect(openArtefactFolder(folder).find(key(1))).toBe(hash);
    expect(files()).toEqual([hash, key(1)].sort());
  });

  test('that was never put is absent, not damaged', () => {
    expect(artefacts.get(key(1))).toBeUndefined();
    expect(artefacts.damaged()).toBe(0);
  });

  test('is one file, no matter how often it is put', () => {
    for (let i = 0; i < 3; i += 1) artefacts.put(Buffer.from('the same'));
    expect(files()).toHaveLength(1);
  });

  test.each(['', '../../etc/passwd', 'A'.repeat(64), 'ab'])('under the name %j is refused', (name) => {
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

  test('a binding that is not a hash counts as absent, and is removed', () => {
    artefacts.bind(key(1), artefacts.put(Buffer.from('x')));
    truncateSync(pathOf('keys', key(1)), 10);
    expect(artefacts.find(key(1))).toBeUndefined();
    expect(artefacts.damaged()).toBe(1);
    expect(existsSync(pathOf('keys', key(1)))).toBe(false);
  });

  test('a temporary file of a killed process counts as absent', () => {
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

/** Runs a script in another process, with `artefacts` open. */
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
  test('may write the same content and keys at once: all of it is whole, and no reader sees half of it', async () => {
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

  test('report a full disk, and leave nothing half written', async () => {
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

  test('bind again by a new file: the last one counts', () => {
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

  test('other bytes are not an image', () => {
    expect(decodeImage(Buffer.from('{"format":"else"}'))).toBeUndefined();
    expect(decodeImage(Buffer.from('{'))).toBeUndefined();
    expect(decodeImage(Buffer.from('nonsense'))).toBeUndefined();
  });

  test.each([Float32Array, Float64Array])('a table comes back to the bit, NaN too', (Kind) => {
    const table = { rows: 2, columns: 3, values: Kind.from([1, NaN, -0, Infinity, Math.PI, 2 ** -40]) };
    expect(decodeTable(encodeTable(table))).toEqual(table);
  });

  test('the header of a table is as documented', () => {
    const bytes = encodeTable({ rows: 1, columns: 2, values: Float32Array.from([1, 2]) });
    expect(Buffer.from(bytes).toString('hex')).toBe(
      `${Buffer.from('qsfloat1').toString('hex')}01000000020000000400000000000000` + '0000803f00000040',
    );
  });

  test('other bytes are not a table', () => {
    const bytes = encodeTable({ rows: 1, columns: 2, values: Float32Array.from([1, 2]) });
    expect(decodeTable(bytes.subarray(0, bytes.length - 1))).toBeUndefined();
    expect(decodeTable(bytes.subarray(0, 10))).toBeUndefined();
    expect(decodeTable(Buffer.alloc(40))).toBeUndefined();
  });

  test('the record of a shard comes back; another version, or other bytes, are not one', () => {
    const blocks = [
      {
        images: ['a', 'b'],
        failed: [{ at: 1, reason: 'the latent has 1 values that are not finite' }],
        terms: [{ scorer: 'objective', names: ['cosine'], hash: 'c' }],
        features: null,
      },
    ];
    expect(decodeShard(encodeShard(blocks))).toEqual(blocks);
    const { format } = JSON.parse(Buffer.from(encodeShard([])).toString('utf8')) as { format: string };
    expect(format).toBe('qsched-shard/2');
    expect(decodeShard(Buffer.from('{"format":"qsched-shard/1","blocks":[]}'))).toBeUndefined();
    expect(decodeShard(Buffer.from('nonsense'))).toBeUndefined();
    expect(decodeShard(Buffer.from('null'))).toBeUndefined();
  });
});

describe('keys', () => {
  const fused = {
    scheduler: 'tcd',
    initNoiseSigma: 1,
    steps: [{ timestep: 999, inputScale: 1, a: 0.1, b: 0.9, d: 0, n: 0 }],
  };
  const schedule = toWireSchedule(fused);

  test('of images are those of 0.1.0: a fused step is hashed without its tag', () => {
    const context = hashOf({ kind: 'picture/1', network: 'n', schedule: fused });
    expect(imageContext('n', schedule)).toBe(context);
    expect(context).toBe('ed8f6125f230ae25a90d17e7d2b0552b407ad47ce1ef55fb868f4dce8155fae5');
    expect(imageKey(context, { text: 'a', seed: 1 })).toBe(hashOf([context, 'a', 1]));
  });

  test('of images differ in everything that decides them, and in nothing else', () => {
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

  test('of numbers differ by scorer, kind and images, and for terms by prompts', () => {
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

describe('statistics of real images', () => {
  const whole = {
    features: 'clip',
    dimension: 2,
    images: 10,
    source: 'here',
    mean: encodeFloats(Float64Array.of(1, 2)),
    covariance: encodeFloats(Float64Array.of(3, 0.5, 0.5, 4)),
  };
  const decoded = (value: unknown) => decodeReference(Buffer.from(JSON.stringify(value)), 'clip', 'clip.json');

  test('are read, whole or as their upper triangle', () => {
    const read = decoded(whole);
    expect(read).toEqual({
      name: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      dimension: 2,
      images: 10,
      mean: Float64Array.of(1, 2),
      covariance: Float64Array.of(3, 0.5, 0.5, 4),
    });
    expect(decoded({ ...whole, covariance: encodeFloats(Float64Array.of(3, 0.5, 4)) })).toEqual(read);
    expect(decoded({ ...whole, mean: encodeFloats(Float64Array.of(1, 2.5)) }).name).not.toBe(read.name);
  });

  test('of a model are the bytes of its file, checked; null if it has none', () => {
    expect(referenceBytes(folder, 'clip')).toBeNull();
    mkdirSync(join(folder, 'reference'));
    const path = join(folder, 'reference', 'clip.json');
    writeFileSync(path, JSON.stringify(whole));
    expect(referenceBytes(folder, 'clip')).toEqual(readFileSync(path));
    writeFileSync(path, JSON.stringify({ ...whole, features: 'other' }));
    expect(() => referenceBytes(folder, 'clip')).toThrow(`${path} holds the features of "other", not of "clip".`);
  });

  test.each([
    ['another scorer', { ...whole, features: 'other' }, 'holds the features of "other"'],
    ['no dimension', { ...whole, dimension: 0 }, 'needs "dimension" and "images"'],
    ['a short mean', { ...whole, mean: encodeFloats(Float64Array.of(1)) }, 'a mean of 1'],
    ['half a number', { ...whole, mean: 'AAAA' }, 'a mean of 0'],
    ['NaN', { ...whole, mean: encodeFloats(Float64Array.of(1, NaN)) }, 'not finite'],
    ['a text instead of numbers', { ...whole, covariance: 7 }, 'a covariance of 0'],
  ])('with %s are refused, with the command that makes them', (_, value, message) => {
    expect(() => decoded(value)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: expect.stringContaining(message) as unknown,
        hint: expect.stringContaining('tools/feature_statistics.py') as unknown,
      }),
    );
  });

  test('that are not JSON are refused', () => {
    expect(() => decodeReference(Buffer.from('{'), 'clip', 'clip.json')).toThrow('clip.json cannot be read');
  });
});
