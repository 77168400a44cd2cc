/** Sessions feed what a network's own metadata asks for, and read what it gives, as float32. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { checkNetwork } from '../../inference/models/network-file.js';
import { assertProviderWorks, openSession, type RuntimeSession } from '../../inference/models/runtime-session.js';
import type { Feed } from '../../inference/models/tensors.js';
import { ELEMENT, floats, integer, model, node, tensor, value, type Element, type GraphParts } from './onnx-bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'qsched-sessions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const opened: RuntimeSession[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((session) => session.release()));
});

const BATCH = 4;
let count = 0;
const write = (graph: GraphParts): string => {
  const file = `${(count += 1)}.onnx`;
  writeFileSync(join(folder, file), model(graph));
  return file;
};
async function open(graph: GraphParts): Promise<RuntimeSession> {
  const session = await openSession(join(folder, write(graph)), { batch: BATCH, threads: 1 });
  opened.push(session);
  return session;
}
const cast = (from: string, to: Element, as: string): Buffer =>
  node('Cast', [from], [as], [integer('to', ELEMENT[to])]);
const listed = (rows: readonly Float32Array[]): number[][] => rows.map((row) => [...row]);
const run = async (session: RuntimeSession, rows: readonly Float32Array[], more: Record<string, Feed> = {}) =>
  listed(await session.run(rows, (slice) => ({ x: { rows: slice, shape: [rows[0]!.length] }, ...more }), 'y'));
async function failure(call: () => unknown): Promise<QschedError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(QschedError);
    return error as QschedError;
  }
  throw new Error('nothing was refused');
}

/** Exact in float16. */
const ROWS = [1, 2, 3, 4, 5, 6].map((n) => Float32Array.of(n + 0.25, -n / 8));

describe('values', () => {
  test.each(['float32', 'float16', 'float64'] as const)('as %s come back as they went in', async (type) => {
    const session = await open({
      nodes: [node('Identity', ['x'], ['y'])],
      inputs: [value('x', type, ['batch', 2])],
      outputs: [value('y', type, ['batch', 2])],
    });
    expect(session.batch).toBe(BATCH);
    expect(await run(session, ROWS)).toEqual(listed(ROWS));
  });

  test('as float16 are rounded to even on the way in', async () => {
    const session = await open({
      nodes: [node('Identity', ['x'], ['y'])],
      inputs: [value('x', 'float16', ['batch', 2])],
      outputs: [value('y', 'float16', ['batch', 2])],
    });
    expect(await run(session, [Float32Array.of(0.791, 2049)])).toEqual([[0.791015625, 2048]]);
  });

  test.each(['int64', 'int32'] as const)('as token ids in %s', async (type) => {
    const session = await open({
      nodes: [cast('x', 'float32', 'y')],
      inputs: [value('x', type, ['batch', 3])],
      outputs: [value('y', 'float32', ['batch', 3])],
    });
    const ids = [Int32Array.of(49406, 7, 0), Int32Array.of(1, 2, 3)];
    expect(listed(await session.run(ids, (slice) => ({ x: { rows: slice, shape: [3] } }), 'y'))).toEqual([
      [49406, 7, 0],
      [1, 2, 3],
    ]);
  });
});

describe('a timestep', () => {
  const types = ['float32', 'float16', 'float64', 'int64', 'int32'] as const;
  const shapes = [[], [1], ['steps'], [BATCH]] as const;
  test.each(types.flatMap((type) => shapes.map((shape) => [type, shape] as const)))(
    'as %s of the shape %j',
    async (type, shape) => {
      const perRow = shape[0] === BATCH;
      const session = await open({
        nodes: [
          cast('t', 'float32', 'time'),
          ...(perRow ? [node('Unsqueeze', ['time', 'axes'], ['times'])] : []),
          node('Add', ['x', perRow ? 'times' : 'time'], ['y']),
        ],
        tensors: [tensor('axes', { dims: [1], type: 'int64', raw: new Uint8Array(BigInt64Array.of(1n).buffer) })],
        inputs: [value('x', 'float32', ['batch', 2]), value('t', type, shape)],
        outputs: [value('y', 'float32', ['batch', 2])],
      });
      const added = await run(session, ROWS, { t: { value: 999 } });
      expect(added).toEqual(listed(ROWS.map((row) => row.map((x) => x + 999))));
    },
  );
});

test('a timestep on a named axis is one number if the network takes it, else one per row', async () => {
  const graph = (nodes: readonly Buffer[], shape: readonly (number | string)[]) => ({
    nodes: [...nodes, node('Identity', ['x'], ['y'])],
    inputs: [value('x', 'float32', ['batch', 2]), value('t', 'float32', ['batch'])],
    outputs: [value('y', 'float32', ['batch', 2]), value('z', 'float32', shape)],
  });
  const run = async (session: RuntimeSession, output: string) =>
    listed(await session.run(ROWS, (slice) => ({ x: { rows: slice, shape: [2] }, t: { value: 7 } }), output));
  // The sum over the vector shows how many numbers there are.
  const sum = [
    node('ReduceSum', ['t'], ['sum']),
    node('Mul', ['x', 'zero'], ['zeros']),
    node('Add', ['zeros', 'sum'], ['z']),
  ];
  const zero = tensor('zero', { dims: [1], raw: floats(0) });
  const either = await open({ ...graph(sum, ['batch', 2]), tensors: [zero] });
  expect(await run(either, 'z')).toEqual(ROWS.map(() => [7, 7]));
  const column = tensor('axis', { dims: [1], type: 'int64', raw: new Uint8Array(BigInt64Array.of(1n).buffer) });
  const joined = [
    node('Unsqueeze', ['t', 'axis'], ['times']),
    node('Concat', ['x', 'times'], ['z'], [integer('axis', 1)]),
  ];
  const perRow = await open({ ...graph(joined, ['batch', 3]), tensors: [column] });
  expect(await run(perRow, 'z')).toEqual(ROWS.map((row) => [...row, 7]));
});

describe('rows', () => {
  test('of a network that is quantised dynamically do not depend on their neighbours', async () => {
    const graph = {
      nodes: [
        node('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'zero']),
        node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
      ],
      inputs: [value('x', 'float32', ['batch', 2])],
      outputs: [value('y', 'float32', ['batch', 2])],
    };
    const session = await open(graph);
    expect(session.batch).toBe(1);
    const rows = [Float32Array.of(0.3, -0.1), Float32Array.of(100, -50), Float32Array.of(0.7, 0.2)];
    const together = await run(session, rows);
    for (const [i, row] of rows.entries()) expect(await run(session, [row])).toEqual([together[i]]);
    expect(together[0]![0]).toBeCloseTo(0.3, 2);
  });

  test('are as many per call as the file fixes', async () => {
    const session = await open({
      nodes: [node('Identity', ['x'], ['y'])],
      inputs: [value('x', 'float32', [3, 2])],
      outputs: [value('y', 'float32', [3, 2])],
    });
    expect(session.batch).toBe(3);
    expect(await run(session, ROWS.slice(0, 5))).toEqual(listed(ROWS.slice(0, 5)));
  });

  test('that are not the first dimension of the output are refused for good, by file', async () => {
    const session = await open({
      nodes: [node('Transpose', ['x'], ['y'])],
      inputs: [value('x', 'float32', ['batch', 2])],
      outputs: [value('y', 'float32', [2, 'batch'])],
    });
    const error = await failure(() => run(session, ROWS));
    expect(error.final).toBe(true);
    expect(error.message).toContain(`${count}.onnx`);
  });

  test('that the network cannot take are refused for good, by file', async () => {
    const session = await open({
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      tensors: [tensor('w', { dims: [3, 1], raw: floats(1, 2, 3) })],
      inputs: [value('x', 'float32', ['batch', 'any'])],
      outputs: [value('y', 'float32', ['batch', 1])],
    });
    expect(await run(session, [Float32Array.of(1, 1, 1)])).toEqual([[6]]);
    const error = await failure(() => run(session, ROWS));
    expect(error.final).toBe(true);
    expect(error.message).toContain(`${count}.onnx`);
  });
});

describe('before a network is loaded', () => {
  const inputs = { x: { rows: 'values', shape: [2] }, t: 'number' } as const;
  const check = (graph: GraphParts) =>
    failure(() => checkNetwork(folder, { file: write(graph), role: 'denoiser', inputs, output: 'y', rowBytes: 0 }));
  const y = value('y', 'float32', ['batch', 2]);

  test.each([
    ['bfloat16', { inputs: [value('x', 'bfloat16', ['batch', 2])], outputs: [y] }, ['"x"', 'bfloat16', 'fp16']],
    ['whole numbers', { inputs: [value('x', 'int64', ['batch', 2])], outputs: [y] }, ['"x"', 'int64', 'float32']],
    ['an unknown input', { inputs: [value('mask', 'float32', ['batch', 2])], outputs: [y] }, ['"mask"', 'unknown']],
    ['another size', { inputs: [value('x', 'float32', ['batch', 3])], outputs: [y] }, ['"x"', '[batch, 3]']],
    ['another rank', { inputs: [value('x', 'float32', ['batch', 2, 1])], outputs: [y] }, ['"x"', '[batch, 2, 1]']],
    ['two timesteps', { inputs: [value('t', 'float32', [2])], outputs: [y] }, ['"t"', '[2]']],
    ['no output', { inputs: [], outputs: [value('z', 'float32', ['batch'])] }, ['"y"', 'z']],
    ['an output in bfloat16', { inputs: [], outputs: [value('y', 'bfloat16', ['batch'])] }, ['"y"', 'bfloat16']],
  ])('%s is refused by file and name', async (_, graph, said) => {
    const error = await check(graph);
    expect(error).toMatchObject({ code: 'usage', final: true });
    const whole = `${error.message} ${error.hint}`;
    for (const text of [join(folder, `${count}.onnx`), ...said]) expect(whole).toContain(text);
  });
});

describe('a device', () => {
  test('that works here is taken', async () => {
    await expect(assertProviderWorks('cpu')).resolves.toBeUndefined();
  });

  test.each(['foo', 'cuda:x', 'cpu:1', ''])('%j is refused with the list', async (device) => {
    const error = await failure(() => assertProviderWorks(device));
    expect(error).toMatchObject({ code: 'usage' });
    expect(`${error.message} ${error.hint}`).toMatch(/cpu/);
  });

  test('whose library is missing is refused by name', async () => {
    expect((await failure(() => assertProviderWorks('dml'))).message).toMatch(/device dml here: /);
  });
});
