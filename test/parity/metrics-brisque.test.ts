/** BRISQUE against piq, from golden vectors. */
import { describe, expect, test } from 'vitest';
import { brisqueFeatures, brisqueScore, type BrisqueSvr } from '../../metrics/scores/brisque.js';
import type { RgbImage } from '../../metrics/images/image.js';
import golden from '../golden/metrics/brisque.json' with { type: 'json' };

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const doubles = (text: string) => new Float64Array(bytes(text).buffer);

const svr: BrisqueSvr = { coefficients: doubles(golden.coefficients), supportVectors: doubles(golden.supportVectors) };
const flat = (width: number, height: number, grey: number): RgbImage => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(grey),
});

describe.each(golden.cases)('$kind, $width x $height', (one) => {
  const features = brisqueFeatures({ width: one.width, height: one.height, data: bytes(one.image) });

  test('features within 1e-4 of piq', () => {
    expect(features.length).toBe(36);
    features.forEach((value, i) => expect(Math.abs(value / one.features[i]! - 1), `feature ${i}`).toBeLessThan(1e-4));
  });

  test('score within 1e-4 of piq', () => {
    expect(Math.abs(brisqueScore(features, svr) / one.score - 1)).toBeLessThan(1e-4);
  });
});

test('an image of one colour has no score', () => {
  for (const grey of [0, 1, 128, 255]) {
    const features = brisqueFeatures(flat(32, 33, grey));
    expect(features.length).toBe(36);
    expect(brisqueScore(features, svr)).toBeNaN();
  }
});

test('scores of moved and of equal images', () => {
  const one = golden.cases[0]!;
  const image = { width: one.width, height: one.height, data: bytes(one.image) };
  expect(brisqueFeatures(image)).toEqual(brisqueFeatures({ ...image, data: image.data.slice() }));
  const zero = { coefficients: new Float64Array(2), supportVectors: new Float64Array(72) };
  expect(brisqueScore(brisqueFeatures(image), zero)).toBe(153.591);
});

test('what does not fit is refused', () => {
  expect(() => brisqueFeatures(flat(15, 64, 3))).toThrow('at least 16 x 16 pixels, not 15 x 64');
  expect(() => brisqueFeatures({ ...flat(20, 20, 3), width: 19 })).toThrow('needs 1140 bytes, not 1200');
  expect(() => brisqueScore(new Float64Array(18), svr)).toThrow('not 18 and 864');
  expect(() => brisqueScore(new Float64Array(36), { ...svr, supportVectors: new Float64Array(36) })).toThrow(
    'for 24 coefficients, 864 values',
  );
  expect(() =>
    brisqueScore(new Float64Array(36), { coefficients: new Float64Array(0), supportVectors: new Float64Array(0) }),
  ).toThrow('0 coefficients');
});
