import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { gaussianNoise } from '../../diffusion/noise.js';
import { openModelFolder } from '../../inference/models/model-folder.js';
import { openPipeline } from '../../inference/pipelines/open-pipeline.js';
import type { Pipeline } from '../../inference/pipelines/pipeline.js';
import { readAddress } from '../../inference/served/address.js';
import { describeServer } from '../../inference/served/describe-server.js';
import { fromBytes, packRows, unpackRows } from '../../inference/served/rows.js';
import { decodeTensors, layTensors } from '../../inference/served/safetensors.js';
import { imageFromPlanar } from '../../metrics/images/image.js';
import { createModelServer, describeFolder, type ModelServer } from '../model-server/model-server.js';

const TEXTS = ['a red circle', 'a blue square', 'two green triangles'];
const folder = mkdtempSync(join(tmpdir(), 'qsched-served-'));
const served = join(folder, 'served');
let behind: ModelServer;
let address: string;
let remote: Pipeline;
let local: Pipeline;

const latent = (seed: number): Float32Array =>
  gaussianNoise({ seed, prompt: 'x', stepIndex: 0, length: local.latentShape.reduce((a, b) => a * b, 1) });

beforeAll(async () => {
  behind = createModelServer('shapes', await describeFolder('shapes'));
  await new Promise<void>((done) => behind.server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(behind.server.address() as AddressInfo).port}`;
  mkdirSync(served);
  writeFileSync(join(served, 'server.json'), JSON.stringify({ address, timeoutSeconds: 2, retries: 1 }));
  await describeServer(served, { allow: false, say: () => undefined });
  local = await openPipeline(openModelFolder('shapes', 'w4a8'), { threads: 1 });
  remote = await openPipeline(openModelFolder('served', 'w4a8', [folder]), { threads: 1 });
}, 60_000);

afterAll(async () => {
  await local.release();
  await remote.release();
  behind.server.closeAllConnections();
  behind.server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  delete behind.faults.denoise;
  behind.faults.forget = false;
  behind.faults.silent = false;
});

const failure = async (body: Promise<unknown>): Promise<QschedError> => {
  const error = await body.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QschedError);
  return error as QschedError;
};

test('a served network gives what the same checkpoint gives in the process', async () => {
  const latents = TEXTS.map((_, i) => latent(i));
  const before = { ...remote.rows };
  const [here, there] = await Promise.all(
    [local, remote].map(async (one) => one.denoise(latents, 999, await one.encode(TEXTS))),
  );
  here!.forEach((row, i) => expect(there![i]).toEqual(row));
  const images = await Promise.all([local, remote].map((one) => one.decode(here!)));
  const side = Math.sqrt(images[0]![0]!.length / 3);
  images[0]!.forEach((planar, i) => {
    expect(imageFromPlanar(images[1]![i]!, side, side)).toEqual(imageFromPlanar(planar, side, side));
  });
  expect(remote.rows.denoiser - before.denoiser).toBe(TEXTS.length);
  expect(remote.rows.padded - before.padded).toBe(remote.batches.denoiser);
});

test('more rows than a call takes go in several calls', async () => {
  const count = remote.batches.denoiser + 1;
  const texts = Array.from({ length: count }, (_, i) => `circle number ${i}`);
  const latents = texts.map((_, i) => latent(i));
  const outputs = await remote.denoise(latents, 500, await remote.encode(texts));
  const expected = await local.denoise(latents, 500, await local.encode(texts));
  expect(outputs).toEqual(expected);
});

test('handles of a server that was started again are not used, even if it gives them to other texts', async () => {
  const conditioning = await remote.encode(TEXTS);
  const latents = TEXTS.map((_, i) => latent(i));
  const before = await remote.denoise(latents, 999, conditioning);
  behind.faults.forget = true;
  await remote.encode(TEXTS.toReversed());
  expect(await remote.denoise(latents, 999, conditioning)).toEqual(before);
});

test('after a restart of the server, what it forgot is encoded anew', async () => {
  const conditioning = await remote.encode(TEXTS);
  const latents = TEXTS.map((_, i) => latent(i));
  const before = await remote.denoise(latents, 999, conditioning);
  behind.faults.forget = true;
  const encodes = behind.calls.encode;
  expect(await remote.denoise(latents, 999, conditioning)).toEqual(before);
  expect(behind.calls.encode).toBe(encodes + 1);
});

describe('a server that does not keep to the protocol', () => {
  const denoise = async (): Promise<Float32Array[]> =>
    remote.denoise([latent(1)], 999, await remote.encode(['a circle']));

  test.each([
    ['shape', 'instead of F32 [20, 6, 8, 8]', true],
    ['dtype', 'it answered F16 [20, 6, 8, 8] instead of F32 [20, 6, 8, 8]', true],
    ['name', 'it answered no "outputs" instead of F32', true],
    ['nameless', 'its answer has no header qsched-instance', true],
    ['garbage', 'does not keep to the protocol in denoise', true],
    ['identity', 'is not the one that was described: it answers as "another one"', true],
    ['error', 'refused denoise (400): out of memory on the device', true],
  ] as const)('%s', async (fault, sentence, final) => {
    behind.faults.denoise = fault;
    const error = await failure(denoise());
    expect(error.message).toContain(sentence);
    expect(error.final).toBe(final);
    expect(error.hint).not.toBe('');
  });

  test.each(['hang', 'cut'] as const)('one that fails once (%s) is asked again', async (fault) => {
    const expected = await denoise();
    behind.faults.denoise = fault;
    expect(await denoise()).toEqual(expected);
  });

  test('one that never answers', async () => {
    behind.faults.silent = true;
    const error = await failure(denoise());
    expect(error.message).toContain('did not answer within 2 s (POST /v1/denoise, 2 tries).');
    expect(error.hint).toContain('Start it, or look at its own messages');
    // Another process may have it started again: what waits for it is tried later.
    expect(error.final).toBe(false);
  });

  test('NaN reaches the engine, which fails the image and not the search', async () => {
    behind.faults.denoise = 'nan';
    const [row] = await denoise();
    expect(row!.some(Number.isFinite)).toBe(false);
  });
});

test('a server that is not there', async () => {
  const gone = join(folder, 'gone');
  mkdirSync(gone);
  writeFileSync(join(gone, 'server.json'), JSON.stringify({ address: 'unix:/nowhere/socket', retries: 0 }));
  const error = await failure(describeServer(gone, { allow: false, say: () => undefined }));
  expect(error.message).toBe(
    'The server of the model "gone" at unix:/nowhere/socket is not running (connection refused) (GET /v1/describe, 1 try).',
  );
  expect(() => openModelFolder('gone', 'default', [folder])).toThrow(/was not asked yet/);
});

test.each([
  [{}, 'needs either address or command'],
  [{ address: 'http://10.0.0.1:80' }, 'must be http://127.0.0.1:PORT'],
  [{ address: 'http://127.0.0.1:1', command: ['x'] }, 'needs either address or command'],
  [{ address: 'http://127.0.0.1:1', retires: 2 }, 'retires'],
])('server.json %j', (content, sentence) => {
  const wrong = mkdtempSync(join(folder, 'wrong-'));
  writeFileSync(join(wrong, 'server.json'), JSON.stringify(content));
  return failure(describeServer(wrong, { allow: true, say: () => undefined })).then(({ message }) => {
    expect(message).toContain(sentence);
  });
});

test('options that the server does not take are refused', () => {
  expect(() => openModelFolder('served', 'w4a8', [folder], { guidance: 7.5 })).toThrow(
    /does not take the option guidance/,
  );
  expect(() => openModelFolder('served', 'w5', [folder])).toThrow(/no precision "w5"/);
});

test('a server is a process of this machine', () => {
  expect(readAddress('http://127.0.0.1:80')).toBeUndefined(); // the default port is not told from none
  expect(readAddress('http://127.0.0.1:7861')).toEqual({ host: '127.0.0.1', port: 7861 });
  expect(readAddress('http://[::1]:7861')).toEqual({ host: '::1', port: 7861 });
  expect(readAddress('unix:/tmp/x')).toEqual({ socketPath: '/tmp/x' });
  for (const other of [
    'http://example.com:80',
    'https://127.0.0.1:1',
    'http://u@127.0.0.1:1',
    'http://127.0.0.1:1/v2',
    'unix:x',
    '',
  ]) {
    expect(readAddress(other)).toBeUndefined();
  }
});

test('tensors survive their bytes', () => {
  const values = fc.float32Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(values, fc.dictionary(fc.string(), fc.string()), (row, metadata) => {
      const { ['__proto__']: _, ...strings } = metadata;
      const { all, places } = layTensors({ latents: { dtype: 'F32', shape: [1, row.length] } }, strings);
      packRows([row], 1, 'F32', places.get('latents')!);
      const found = decodeTensors(all);
      expect(unpackRows(found.tensors['latents']!, 1)[0]).toEqual(row);
      expect(found.metadata).toEqual(strings);
    }),
  );
  expect(() => decodeTensors(new Uint8Array(3))).toThrow('too few');
});

test('bytes of an image are the same bytes after the way through values', () => {
  const bytes = Uint8Array.from({ length: 3 * 256 }, (_, i) => i % 256);
  const [planar] = fromBytes({ dtype: 'U8', shape: [1, 3, 16, 16], bytes }, 1);
  const { data } = imageFromPlanar(planar!, 16, 16);
  for (let i = 0; i < 256; i += 1) expect(data[3 * i]).toBe(i);
});
