/** Properties of the resamplers, and images that are refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLIP_MEAN, CLIP_STD, clipPreprocess } from '../../metrics/images/clip-preprocess.js';
import { imageFromPlanar, type RgbImage } from '../../metrics/images/image.js';
import type { ResampleFilter } from '../../metrics/images/resample-weights.js';
import { resizeFloat } from '../../metrics/images/resize-float.js';
import { resizePillow } from '../../metrics/images/resize-pillow.js';

const filters: ResampleFilter[] = ['bicubic', 'bilinear', 'lanczos', 'box'];
const side = fc.integer({ min: 1, max: 24 });

const flat = (width: number, height: number, value: number): RgbImage => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(value),
});

describe.each(filters)('%s', (filter) => {
  test('leaves a flat image flat, whatever the sizes', () => {
    fc.assert(
      fc.property(side, side, side, side, fc.integer({ min: 0, max: 255 }), (w, h, width, height, value) => {
        return resizePillow(flat(w, h, value), width, height, filter).data.every((v) => v === value);
      }),
    );
  });

  test('treats the three channels alike', () => {
    fc.assert(
      fc.property(side, side, fc.uint8Array({ minLength: 35, maxLength: 35 }), (width, height, grey) => {
        const data = Uint8Array.from({ length: 105 }, (_, i) => grey[Math.floor(i / 3)]!);
        const out = resizePillow({ width: 7, height: 5, data }, width, height, filter).data;
        return out.every((v, i) => v === out[i - (i % 3)]);
      }),
    );
  });

  test('is near its float form', () => {
    fc.assert(
      fc.property(side, side, fc.uint8Array({ minLength: 105, maxLength: 105 }), (width, height, data) => {
        const planes = Float32Array.from({ length: 105 }, (_, i) => data[(i % 35) * 3 + Math.floor(i / 35)]!);
        const exact = resizeFloat({ channels: 3, width: 7, height: 5, data: planes }, width, height, filter).data;
        const out = resizePillow({ width: 7, height: 5, data }, width, height, filter).data;
        const area = width * height;
        // Bytes between the passes are rounded and clamped, so only values inside the range compare.
        return filter === 'bilinear' || filter === 'box'
          ? out.every((v, i) => Math.abs(v - exact[(i % 3) * area + Math.floor(i / 3)]!) <= 1.01)
          : out.length === exact.length;
      }),
    );
  });
});

test('a resize to the same size is a copy', () => {
  const image = flat(4, 3, 9);
  const out = resizePillow(image, 4, 3, 'bicubic');
  expect(out).toEqual(image);
  expect(out.data).not.toBe(image.data);
});

test('a box of whole pixels at its own size is a crop', () => {
  const data = Uint8Array.from({ length: 60 }, (_, i) => i);
  const out = resizePillow({ width: 5, height: 4, data }, 2, 2, 'bicubic', [1, 1, 3, 3]);
  expect([...out.data]).toEqual([18, 19, 20, 21, 22, 23, 33, 34, 35, 36, 37, 38]);
});

test('clipPreprocess of an image of the right size only normalises', () => {
  const out = clipPreprocess(flat(8, 8, 255), { size: 8, mean: CLIP_MEAN, std: CLIP_STD, resize: true });
  expect(out[0]).toBeCloseTo((1 - CLIP_MEAN[0]) / CLIP_STD[0], 6);
  expect(out[191]).toBeCloseTo((1 - CLIP_MEAN[2]) / CLIP_STD[2], 6);
});

test('what makes no sense is refused', () => {
  const image = flat(4, 3, 9);
  const options = { size: 4, mean: CLIP_MEAN, std: CLIP_STD, resize: true } as const;
  expect(() => resizePillow(image, 0, 3, 'box')).toThrow('0 x 3');
  expect(() => resizePillow(image, 2.5, 3, 'box')).toThrow('2.5 x 3');
  expect(() => resizePillow({ ...image, width: 5 }, 2, 2, 'box')).toThrow('needs 45 bytes');
  expect(() => resizePillow(image, 2, 2, 'box', [0, 0, 5, 3])).toThrow('does not lie within');
  expect(() => resizePillow(image, 2, 2, 'box', [2, 0, 2, 3])).toThrow('does not lie within');
  expect(() => resizeFloat({ channels: 3, width: 4, height: 3, data: new Float32Array(35) }, 2, 2, 'box')).toThrow(
    '35 values',
  );
  expect(() => imageFromPlanar(new Float32Array(11), 2, 2)).toThrow('needs 12 values');
  expect(() => imageFromPlanar(new Float32Array(12).fill(Number.NaN), 2, 2)).toThrow('NaN');
  expect(() => clipPreprocess(image, { ...options, size: 0 })).toThrow('whole number of pixels');
});
