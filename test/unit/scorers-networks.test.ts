/** Networks of scorers: float16, networks whose rows depend on each other, and what their fingerprints show of it. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../inference/models/model-roots.js';
import { checkNetwork } from '../../inference/models/network-file.js';
import { openScorerFolder, scorerFingerprint, scorerKind } from '../../inference/scorers/scorer-folder.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { model, node, value, type Element } from './onnx-bytes.js';

const GOLDEN = join(import.meta.dirname, '..', 'golden', 'scorers');
const BUNDLED = join(packageRoot(), 'models');

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'qsched-scorer-networks-'));
  makeInception('whole', 'float32');
  makeInception('half', 'float16');
  makeInception('dynamic', 'float32', true);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Means of the three channels; `dynamic` quantises the input to 8 bits over the range of the whole batch. */
function makeInception(name: string, type: Element, dynamic = false): void {
  const quantise = [
    node('DynamicQuantizeLinear', ['pixel_values'], ['q', 'scale', 'zero']),
    node('DequantizeLinear', ['q', 'scale', 'zero'], ['pixels']),
  ];
  mkdirSync(join(root, name));
  writeFileSync(join(root, name, 'scorer.json'), JSON.stringify({ kind: 'inception' }));
  writeFileSync(
    join(root, name, 'model.onnx'),
    model({
      nodes: [
        ...(dynamic ? quantise : []),
        node('GlobalAveragePool', [dynamic ? 'pixels' : 'pixel_values'], ['means']),
        node('Flatten', ['means'], ['features']),
      ],
      inputs: [value('pixel_values', type, ['batch', 3, 299, 299])],
      outputs: [value('features', type, ['batch', 3])],
    }),
  );
}

const found = (name: string, roots = [root]) => openScorerFolder(name, { scorers: {} }, roots);
async function featuresOf(name: string, images: readonly RgbImage[]): Promise<number[][]> {
  const folder = found(name);
  const scorer = await scorerKind(folder).open(folder, { batch: 4, threads: 1 });
  const rows = await scorer.features!(images);
  await scorer.release();
  return rows.map((row) => [...row]);
}

const painted = (low: number, high: number): RgbImage => ({
  width: 8,
  height: 8,
  data: Uint8Array.from({ length: 192 }, (_, i) => (i % 2 === 0 ? low : high) + (i % 3)),
});
const IMAGES = [painted(100, 140), painted(0, 250), painted(60, 61)];

describe('a network in float16', () => {
  test('gives the numbers of the same network in float32', async () => {
    const [whole, half] = [await featuresOf('whole', IMAGES), await featuresOf('half', IMAGES)];
    expect(whole).toHaveLength(3);
    whole.forEach((row, i) => {
      expect(row.some((mean) => Math.abs(mean) > 0.01)).toBe(true);
      // Half a unit of float16 below 1 for the input, and again for the output.
      row.forEach((mean, c) => expect(Math.abs(half[i]![c]! - mean)).toBeLessThanOrEqual(2 ** -11));
    });
  });

  test('has the version of the conversion in its fingerprint', async () => {
    expect(await scorerFingerprint(found('half'))).toMatchObject({ preprocessing: { float16: 1 } });
    expect(Object.keys(await scorerFingerprint(found('half')))).not.toContain('batch');
  });
});

describe('a network that is quantised dynamically', () => {
  test('gives an image the same features whatever its neighbours are', async () => {
    const together = await featuresOf('dynamic', IMAGES);
    for (const [i, image] of IMAGES.entries()) expect(await featuresOf('dynamic', [image])).toEqual([together[i]]);
    expect(together).not.toEqual(await featuresOf('whole', IMAGES));
  });

  test('has its one row per call in its fingerprint', async () => {
    expect(await scorerFingerprint(found('dynamic'))).toMatchObject({ batch: 1 });
    expect(Object.keys(await scorerFingerprint(found('dynamic')))).not.toContain('preprocessing');
  });
});

test('nothing is added to the fingerprint of any other scorer', async () => {
  expect(Object.keys(await scorerFingerprint(found('whole')))).toEqual(['name', 'version', 'files']);
  for (const name of ['shapes-clip', 'shapes-clip-second', 'shapes-brisque']) {
    expect(Object.keys(await scorerFingerprint(found(name, [BUNDLED])))).toEqual(['name', 'version', 'files']);
  }
});

test.each(['clip-score', 'clip-iqa', 'hpsv2', 'pickscore', 'aq-map', 'maniqa', 'inception', 'cmmd'])(
  'the networks of %s take what is fed to them',
  (name) => {
    const { folder, networks, files } = found(name, [GOLDEN]);
    const graphs = files.filter((file) => file.endsWith('.onnx'));
    expect(networks.map(({ file }) => file)).toEqual(graphs);
    for (const network of networks) expect(() => checkNetwork(folder, network)).not.toThrow();
  },
);

test('a network for images of another size is refused by file and input', () => {
  cpSync(join(BUNDLED, 'shapes-clip'), join(root, 'small'), { recursive: true });
  const config = { crop_size: { height: 64 }, image_mean: [0, 0, 0], image_std: [1, 1, 1] };
  writeFileSync(join(root, 'small', 'preprocessor_config.json'), JSON.stringify(config));
  const { folder, networks } = found('small');
  expect(() => networks.map((network) => checkNetwork(folder, network))).toThrow(
    /small\/vision_model\.onnx: the input "pixel_values" has the shape \[batch, 3, 32, 32\]/,
  );
});
