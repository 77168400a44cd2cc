/** Inputs that all rows of a call share, such as positions: checked in the file, and fed as they are. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { batchesOf } from '../../inference/models/batches.js';
import { checkNetwork, type NetworkFile } from '../../inference/models/network-file.js';
import { openSession } from '../../inference/models/runtime-session.js';
import { ELEMENT, integer, model, node, value, type Element } from './onnx-bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'qsched-shared-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** y = x + positions, over 3 positions with 2 values each. */
function write(shape: readonly (number | string)[], type: Element = 'float32'): string {
  const file = `${(count += 1)}.onnx`;
  const nodes = [node('Cast', ['positions'], ['cast'], [CAST]), node('Add', ['x', 'cast'], ['y'])];
  writeFileSync(
    join(folder, file),
    model({
      nodes,
      inputs: [value('positions', type, shape), value('x', 'float32', ['batch', 3, 2])],
      outputs: [value('y', 'float32', ['batch', 3, 2])],
    }),
  );
  return file;
}
const CAST = integer('to', ELEMENT.float32);

const networkOf = (file: string): NetworkFile => ({
  file,
  role: 'denoiser',
  inputs: { positions: { whole: 'positions', shape: [3, 2] }, x: { rows: 'values', shape: [3, 2] } },
  outputs: ['y'],
  rowBytes: 1,
});
const POSITIONS = Float32Array.of(0, 1, 2, 3, 4, 5);

test.each(['float32', 'float16', 'float64', 'int64', 'int32'] as const)('are fed as %s', async (type) => {
  const file = write([3, 2], type);
  checkNetwork(folder, networkOf(file));
  const session = await openSession(join(folder, file), { batch: 4, threads: 1, shared: ['positions'] });
  // The first axis of what is shared is not a number of rows.
  expect(session.batch).toBe(4);
  const rows = [10, 20, 30, 40, 50].map((n) => new Float32Array(6).fill(n));
  const found = await session.run(
    rows,
    (slice) => ({ x: { rows: slice, shape: [3, 2] }, positions: { whole: POSITIONS, shape: [3, 2] } }),
    'y',
  );
  expect(found).toEqual(rows.map((row) => row.map((v, i) => v + i)));
  await expect(
    session.run(
      rows,
      (slice) => ({ x: { rows: slice, shape: [3, 2] }, positions: { whole: POSITIONS, shape: [2, 2] } }),
      'y',
    ),
  ).rejects.toThrow('a tensor has 6 values, not 2 x 2');
  await session.release();
});

test('do not decide the rows per call', () => {
  const networks = [networkOf(write([3, 2]))];
  expect(batchesOf({ folder, latentShape: [1, 1, 1], networks }, 5).denoiser).toBe(5);
});

describe('are refused by file and name', () => {
  test.each([
    ['another size', [4, 2], 'axis 0 is fed with 3 values'],
    ['an axis for rows', ['batch', 3, 2], 'qsched feeds 2 axes, none for rows'],
  ])('%s', (_, shape, said) => {
    const file = write(shape);
    expect(() => checkNetwork(folder, networkOf(file))).toThrow(
      `${join(folder, file)}: the input "positions" has the shape [${shape.join(', ')}]: ${said}.`,
    );
  });
});
