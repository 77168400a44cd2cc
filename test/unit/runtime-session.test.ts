/** Sessions feed and read whatever types a network has; rows do not depend on how many there are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { PROVIDERS, parseDevice } from '../../inference/models/device.js';
import { sharedSession } from '../../inference/models/network-pool.js';
import { assertProviderWorks, openSession } from '../../inference/models/runtime-session.js';
import { ELEMENT, floats, integer, model, node, tensor, value, type Element } from './onnx-bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'qsched-sessions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
function write(content: Uint8Array): string {
  const path = join(folder, `${(count += 1)}.onnx`);
  writeFileSync(path, content);
  return path;
}
const open = (content: Uint8Array, batch = 3) => openSession(write(content), { batch, threads: 1 });

const cast = (from: string, to: string, type: Element): Buffer =>
  node('Cast', [from], [to], [integer('to', ELEMENT[type])]);

/** y = (x + t) as `to`, with x (rows, 2) and the timestep t of any type and shape. */
const adding = (
  x: Element,
  t: Element,
  to: Element,
  shape: readonly (number | string)[],
  rows: number | string = 'rows',
) =>
  model({
    nodes: [
      cast('x', 'x32', 'float32'),
      cast('t', 't32', 'float32'),
      ...(shape.length === 0
        ? [node('Identity', ['t32'], ['column'])]
        : [node('Reshape', ['t32', 'shape'], ['column'])]),
      node('Add', ['x32', 'column'], ['sum']),
      cast('sum', 'y', to),
    ],
    tensors: [tensor('shape', { type: 'int64', dims: [2], raw: new Uint8Array(BigInt64Array.of(-1n, 1n).buffer) })],
    inputs: [value('x', x, [rows, 2]), value('t', t, shape)],
    outputs: [value('y', to, [rows, 2])],
  });

const ROWS = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
];
const run = async (content: Uint8Array, timestep = 999, batch = 3) => {
  const session = await open(content, batch);
  const rows = await session.run(
    ROWS.map((row) => Float32Array.from(row)),
    (slice) => ({ x: { rows: slice, shape: [2] }, t: { value: timestep } }),
    'y',
  );
  await session.release();
  return rows.map((row) => [...row]);
};
const EXPECTED = ROWS.map((row) => row.map((x) => x + 999));

describe('types', () => {
  test.each<Element>(['float32', 'float16', 'float64'])('values as %s', async (type) => {
    expect(await run(adding(type, 'int64', 'float32', ['steps']))).toEqual(EXPECTED);
  });

  test.each<Element>(['int64', 'int32', 'float32', 'float16', 'float64'])('a timestep as %s', async (type) => {
    expect(await run(adding('float32', type, 'float32', ['steps']))).toEqual(EXPECTED);
    expect(await run(adding('float32', type, 'float32', []))).toEqual(EXPECTED);
  });

  test.each<[string, readonly (number | string)[]]>([
    ['a scalar', []],
    ['a vector of one', [1]],
    ['a vector of unknown length', ['steps']],
    ['a vector without a name', ['']],
    ['a vector of the rows', ['rows']],
    ['a vector of as many as there are rows', [3]],
  ])('a timestep as %s', async (_, shape) => {
    expect(await run(adding('float32', 'int64', 'float32', shape))).toEqual(EXPECTED);
  });

  test('a timestep between two whole numbers is exact as float, and rounded as integer', async () => {
    expect((await run(adding('float32', 'float64', 'float32', []), 0.375))[0]).toEqual([1.375, 2.375]);
    expect((await run(adding('float32', 'int64', 'float32', []), 249.7))[0]).toEqual([251, 252]);
  });

  test.each<Element>(['float16', 'float64'])('outputs as %s are numbers, not bits', async (type) => {
    expect(await run(adding('float32', 'int64', type, ['steps']))).toEqual(EXPECTED);
  });

  test.each<Element>(['int64', 'int32'])('token ids as %s', async (type) => {
    const content = model({
      nodes: [cast('input_ids', 'y', 'float32')],
      inputs: [value('input_ids', type, ['batch', 2])],
      outputs: [value('y', 'float32', ['batch', 2])],
    });
    const session = await open(content);
    const ids = [Int32Array.of(49406, 49407), Int32Array.of(-1, 2 ** 31 - 1)];
    const rows = await session.run(ids, (slice) => ({ input_ids: { rows: slice, shape: [2] } }), 'y');
    expect(rows.map((row) => [...row])).toEqual([
      [49406, 49407],
      [-1, 2 ** 31],
    ]);
  });
});

describe('rows per call', () => {
  test('are padded, and a row has equal bits whatever its neighbours', async () => {
    const content = adding('float16', 'float32', 'float16', []);
    expect(await run(content, 0.1, 1)).toEqual(await run(content, 0.1, 8));
  });

  test('are as many as the file fixes', async () => {
    const session = await open(adding('float32', 'int64', 'float32', [], 2), 20);
    expect(session.batch).toBe(2);
    expect(await run(adding('float32', 'int64', 'float32', [2], 2), 999, 20)).toEqual(EXPECTED);
  });

  test('are one if activations are quantised dynamically: a row then has its own scale', async () => {
    const content = model({
      nodes: [
        node('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'zero']),
        node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
      ],
      inputs: [value('x', 'float32', ['batch', 2])],
      outputs: [value('y', 'float32', ['batch', 2])],
    });
    const session = await open(content, 20);
    expect(session.batch).toBe(1);
    const of = async (...rows: number[][]) =>
      (
        await session.run(
          rows.map((row) => Float32Array.from(row)),
          (slice) => ({ x: { rows: slice, shape: [2] } }),
          'y',
        )
      ).map((row) => [...row]);
    const [together] = await of([0.1, 0.2], [100, 200]);
    expect(together).toEqual((await of([0.1, 0.2]))[0]);
    expect(together![0]).toBeCloseTo(0.1, 3);
  });

  test('are followed by the checkpoint, call by call', async () => {
    const session = await open(adding('float32', 'int64', 'float32', []));
    let calls = 0;
    const feeds = (slice: readonly Float32Array[]) => ({ x: { rows: slice, shape: [2] }, t: { value: 0 } });
    const rows = ROWS.map((row) => Float32Array.from(row));
    await session.run(rows, feeds, 'y', async () => {
      calls += 1;
    });
    expect(calls).toBe(2);
    const stop = () => Promise.reject(new Error('stopped'));
    await expect(session.run(rows, feeds, 'y', stop)).rejects.toThrow('stopped');
  });
});

describe('what cannot be right is final, and names the file', () => {
  const failure = async (promise: Promise<unknown>): Promise<QschedError> => {
    const error: unknown = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(QschedError);
    return error as QschedError;
  };

  test('a shape that the network does not take', async () => {
    const path = write(adding('float32', 'int64', 'float32', []));
    const session = await openSession(path, { batch: 2, threads: 1 });
    const wrong = { x: { rows: [Float32Array.of(1, 2, 3)], shape: [3] }, t: { value: 0 } };
    const error = await failure(session.run([0], () => wrong, 'y'));
    expect(error).toMatchObject({ final: true, code: 'failure' });
    expect(error.message).toContain(path);
  });

  test('a row of another length than its shape, and an input that nobody feeds', async () => {
    const session = await open(adding('float32', 'int64', 'float32', []));
    const short = { x: { rows: [Float32Array.of(1)], shape: [2] }, t: { value: 0 } };
    expect((await failure(session.run([0], () => short, 'y'))).message).toContain('a row has 1 values, not 2');
    const error = await failure(session.run([0], () => ({ t: { value: 0 } }), 'y'));
    expect(error.message).toContain('the input "x" is not fed');
    expect(error.final).toBe(true);
  });

  test('a file that is not a network', async () => {
    expect(await failure(openSession(write(Buffer.from('text')), { batch: 1, threads: 1 }))).toMatchObject({
      code: 'usage',
    });
    const broken = model({ nodes: [node('NoSuchOperator', ['x'], ['y'])], inputs: [value('x', 'float32', [1])] });
    const error = await failure(openSession(write(broken), { batch: 1, threads: 1 }));
    expect(error.message).toMatch(/^ONNX Runtime cannot load .*\.onnx: /);
    expect(error.final).toBe(true);
  });
});

describe('devices', () => {
  test.each([
    ['cpu', { provider: 'cpu', index: 0 }],
    ['cuda', { provider: 'cuda', index: 0 }],
    ['cuda:3', { provider: 'cuda', index: 3 }],
    ['webgpu', { provider: 'webgpu', index: 0 }],
    ['dml', { provider: 'dml', index: 0 }],
    ['coreml', { provider: 'coreml', index: 0 }],
  ])('%s is read', (text, device) => {
    expect(parseDevice(text)).toEqual(device);
  });

  test.each(['foo', '', 'CPU', 'cuda:', 'cuda:x', 'cpu:1', 'cuda:1:2', 'tensorrt'])('%j is refused', (text) => {
    expect(() => parseDevice(text)).toThrow(QschedError);
    try {
      parseDevice(text);
    } catch (error) {
      expect((error as QschedError).message).toContain(`"${text}" is not a device`);
      if (text === 'foo') for (const name of PROVIDERS) expect((error as QschedError).hint).toContain(name);
    }
  });

  test('the CPU works; a device that does not is refused before anything is served', async () => {
    await expect(assertProviderWorks('cpu')).resolves.toBeUndefined();
    await expect(assertProviderWorks('foo')).rejects.toMatchObject({ code: 'usage', final: true });
    const absent = process.platform === 'win32' ? 'coreml' : 'dml';
    await expect(assertProviderWorks(absent)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`cannot use the device ${absent} here`),
    });
  });
});

describe('a shared network', () => {
  const content = adding('float32', 'int64', 'float32', []);
  const feeds = (slice: readonly Float32Array[]) => ({ x: { rows: slice, shape: [2] }, t: { value: 1 } });

  test('is opened once, and closed with its last user', async () => {
    const path = write(content);
    const options = { batch: 2, threads: 1 };
    const [one, two] = await Promise.all([sharedSession(path, options), sharedSession(path, options)]);
    expect(one.run).toBe(two.run);
    expect((await sharedSession(path, { ...options, batch: 1 })).run).not.toBe(one.run);
    await one.release();
    await one.release();
    expect(await two.run([Float32Array.of(1, 2)], feeds, 'y')).toEqual([Float32Array.of(2, 3)]);
    await two.release();
    expect((await sharedSession(path, options)).run).not.toBe(one.run);
  });

  test('is opened anew after its weights beside it changed', async () => {
    const weights = join(folder, 'w.bin');
    const scaled = model({
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      tensors: [tensor('w', { dims: [2], location: 'w.bin' })],
      inputs: [value('x', 'float32', ['batch', 2])],
      outputs: [value('y', 'float32', ['batch', 2])],
    });
    const path = write(scaled);
    const product = async () => {
      const session = await sharedSession(path, { batch: 1, threads: 1 });
      return session.run([Float32Array.of(1, 1)], (rows) => ({ x: { rows, shape: [2] } }), 'y');
    };
    writeFileSync(weights, floats(2, 3));
    expect(await product()).toEqual([Float32Array.of(2, 3)]);
    writeFileSync(weights, Buffer.concat([floats(4, 5), Buffer.alloc(8)]));
    expect(await product()).toEqual([Float32Array.of(4, 5)]);
  });

  test('that cannot be opened is tried again by the next', async () => {
    const path = write(Buffer.from('text'));
    await expect(sharedSession(path, { batch: 1, threads: 1 })).rejects.toThrow('is not an ONNX model');
    writeFileSync(path, content);
    await expect(sharedSession(path, { batch: 1, threads: 1 })).resolves.toMatchObject({ batch: 1 });
  });
});
