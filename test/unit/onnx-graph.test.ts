/** Graphs are read without their weights. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readGraph } from '../../inference/models/onnx-graph.js';
import { packageRoot } from '../../inference/models/model-roots.js';
import { bytes, floats, graph, model, node, number, tensor, value } from './onnx-bytes.js';

const folder = mkdtempSync(join(tmpdir(), 'qsched-graph-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
function read(content: Uint8Array) {
  const path = join(folder, `${(count += 1)}.onnx`);
  writeFileSync(path, content);
  return readGraph(path);
}

test('external data is found in initializers, attributes, subgraphs and functions', () => {
  const attribute = (name: string, field: number, body: Buffer): Buffer =>
    Buffer.concat([bytes(1, name), bytes(field, body)]);
  const inner = graph({ nodes: [node('Relu', ['a'], ['b'])], tensors: [tensor('c', { location: 'branch.bin' })] });
  const parts = {
    tensors: [
      tensor('w', { location: 'weights.pb' }),
      tensor('v', { location: 'weights.pb' }),
      tensor('u', { dims: [2], raw: floats(1, 2) }),
      tensor('t', { location: 'part/one' }),
    ],
    nodes: [
      node('Constant', [], ['k'], [attribute('value', 5, tensor('', { location: 'constant.bin' }))]),
      node('If', ['x'], ['y'], [attribute('then_branch', 6, inner)]),
    ],
  };
  const functions = bytes(25, bytes(1, 'F'), bytes(7, node('DynamicQuantizeLinear', ['x'], ['q', 's', 'z'])));
  const found = read(Buffer.concat([model(parts), functions]));
  expect(found.externalFiles).toEqual(['constant.bin', 'branch.bin', 'weights.pb', 'part/one']);
  expect(found.rowsDepend).toBe(true);
});

test('inputs and outputs have their types and dimensions; an input with an initial value is not fed', () => {
  const found = read(
    model({
      tensors: [tensor('w', { dims: [2], raw: floats(1, 2) })],
      inputs: [
        value('sample', 'float16', ['batch', 4, 8, 8]),
        value('timestep', 'int64', []),
        value('w', 'float32', [2]),
        value('ids', 'int32', ['', 77]),
      ],
      outputs: [value('out', 'float64', [2])],
    }),
  );
  expect(found.inputs).toEqual([
    { name: 'sample', type: 'float16', shape: ['batch', 4, 8, 8] },
    { name: 'timestep', type: 'int64', shape: [] },
    { name: 'ids', type: 'int32', shape: ['', 77] },
  ]);
  expect(found.outputs).toEqual([{ name: 'out', type: 'float64', shape: [2] }]);
  expect(read(model({ inputs: [value('x', 'bfloat16', [1])] })).inputs[0]!.type).toBe('bfloat16');
});

test('gigabytes of weights are skipped, and what follows them is read', () => {
  const raw = 3 * 2 ** 30;
  const head = Buffer.concat([number(1, 1), number(2, 1), bytes(8, 'w')]);
  const varint = (n: number): Buffer => number(0, n).subarray(1);
  const rawTag = Buffer.concat([Buffer.from([9 * 8 + 2]), varint(raw)]);
  const tensorSize = head.length + rawTag.length + raw;
  const tensorTag = Buffer.concat([Buffer.from([5 * 8 + 2]), varint(tensorSize)]);
  const after = bytes(11, value('sample', 'float32', ['batch']));
  const start = Buffer.concat([
    Buffer.from([7 * 8 + 2]),
    varint(tensorTag.length + tensorSize + after.length),
    tensorTag,
    head,
    rawTag,
  ]);
  const path = join(folder, 'large.onnx');
  writeFileSync(path, start);
  truncateSync(path, start.length + raw); // a hole: no disk is used
  writeFileSync(path, after, { flag: 'a' });
  expect(readGraph(path).inputs).toEqual([{ name: 'sample', type: 'float32', shape: ['batch'] }]);
});

test.each(['', 'not a model', '\u0007', 'version https://git-lfs.github.com/spec/v1'])(
  'a file that is not ONNX is refused by its path: %j',
  (content) => {
    expect(() => read(Buffer.from(content))).toThrow(/\.onnx is not an ONNX model: /);
    expect(() => read(model({ nodes: [node('Add', ['a', 'b'], ['c'])] }).subarray(0, 12))).toThrow(/not an ONNX model/);
  },
);

test('a changed file is read again', () => {
  const path = join(folder, 'changing.onnx');
  writeFileSync(path, model({ nodes: [node('Add', ['a', 'b'], ['c'])] }));
  expect(readGraph(path).rowsDepend).toBe(false);
  expect(readGraph(path)).toBe(readGraph(path));
  writeFileSync(path, model({ nodes: [node('DynamicQuantizeLinear', ['a'], ['c', 's', 'z'])] }));
  expect(readGraph(path).rowsDepend).toBe(true);
});

test('the bundled networks hold their weights and quantise statically', () => {
  for (const [file, inputs] of [
    ['shapes/unet/model_w4a8', ['sample', 'timestep', 'encoder_hidden_states']],
    ['shapes/text_encoder/model', ['input_ids']],
    ['shapes-clip/vision_model', ['pixel_values']],
  ] as const) {
    const found = readGraph(join(packageRoot(), 'models', `${file}.onnx`));
    expect(found.externalFiles).toEqual([]);
    expect(found.inputs.map(({ name }) => name)).toEqual(inputs);
    expect(found.rowsDepend).toBe(false);
  }
});
