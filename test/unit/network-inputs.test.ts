/** Inputs and outputs that do not fit, found in the file or by the first call; timesteps on a named axis. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { QschedError } from '../../contract/errors.js';
import { checkNetwork } from '../../inference/models/network-file.js';
import { openSession, type RuntimeSession } from '../../inference/models/runtime-session.js';
import { floats, integer, model, node, tensor, value, type GraphParts } from './onnx-bytes.js';

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
const listed = (rows: readonly Float32Array[]): number[][] => rows.map((row) => [...row]);
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

test('rows that are not the first dimension of the output are refused for good, by file', async () => {
  const session = await open({
    nodes: [node('Transpose', ['x'], ['y'])],
    inputs: [value('x', 'float32', ['batch', 2])],
    outputs: [value('y', 'float32', [2, 'batch'])],
  });
  const error = await failure(() => session.run(ROWS, (slice) => ({ x: { rows: slice, shape: [2] } }), 'y'));
  expect(error.final).toBe(true);
  expect(error.message).toContain(`${count}.onnx`);
});

describe('before a network is loaded', () => {
  const inputs = { x: { rows: 'values', shape: [2] }, t: 'number' } as const;
  const check = (graph: GraphParts) =>
    failure(() => checkNetwork(folder, { file: write(graph), role: 'denoiser', inputs, outputs: ['y'], rowBytes: 0 }));
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
