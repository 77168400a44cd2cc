/** Images against Pillow, torch, diffusers and transformers, from golden vectors. */
import { expect, test } from 'vitest';
import { CLIP_MEAN, CLIP_STD, clipPreprocess } from '../../metrics/images/clip-preprocess.js';
import { imageFromPlanar, type RgbImage } from '../../metrics/images/image.js';
import type { ResampleFilter } from '../../metrics/images/resample-weights.js';
import { resizeFloat } from '../../metrics/images/resize-float.js';
import { resizePillow, type CropBox } from '../../metrics/images/resize-pillow.js';
import planar from '../golden/metrics/image-from-planar.json' with { type: 'json' };
import preprocess from '../golden/metrics/clip-preprocess.json' with { type: 'json' };
import float from '../golden/metrics/resize-float.json' with { type: 'json' };
import pillow from '../golden/metrics/resize-pillow.json' with { type: 'json' };

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const floats = (text: string) => new Float32Array(bytes(text).buffer);

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  // A NaN stays: it fails every gate.
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

for (const [index, one] of pillow.cases.entries()) {
  const input = pillow.inputs[one.input]!;
  const box = one.box as CropBox | null;
  test(`resizePillow is Pillow's, case ${index}: ${input.width}x${input.height} to ${one.width}x${one.height}, ${one.filter}${box ? `, box ${box.join(' ')}` : ''}`, () => {
    const image: RgbImage = { width: input.width, height: input.height, data: bytes(input.data) };
    const out = resizePillow(image, one.width, one.height, one.filter as ResampleFilter, box ?? undefined);
    expect([out.width, out.height]).toEqual([one.width, one.height]);
    expect(largestDifference(out.data, bytes(one.data))).toBe(0);
  });
}

for (const one of float.cases) {
  const input = float.inputs[one.input]!;
  test(`resizeFloat is ${one.source}'s: ${input.width}x${input.height} to ${one.width}x${one.height}, ${one.filter}`, () => {
    const planes = { channels: input.channels, width: input.width, height: input.height, data: floats(input.data) };
    const out = resizeFloat(planes, one.width, one.height, one.filter as ResampleFilter);
    expect(largestDifference(out.data, floats(one.data))).toBeLessThanOrEqual(2e-3);
  });
}

test('imageFromPlanar rounds as diffusers does, exact ties and values out of range included', () => {
  expect(planar.exactTies).toBeGreaterThan(10);
  const image = imageFromPlanar(floats(planar.planar), planar.height, planar.width);
  expect(largestDifference(image.data, bytes(planar.data))).toBe(0);
});

test("CLIP's mean and standard deviation are those of transformers", () => {
  expect(CLIP_MEAN).toEqual(preprocess.mean);
  expect(CLIP_STD).toEqual(preprocess.std);
});

for (const one of preprocess.cases) {
  test(`clipPreprocess: ${one.width}x${one.height} ${one.resize ? `to ${one.size}` : 'as it is'}`, () => {
    const image: RgbImage = { width: one.width, height: one.height, data: bytes(one.image) };
    const out = clipPreprocess(image, { size: one.size, mean: CLIP_MEAN, std: CLIP_STD, resize: one.resize });
    expect(out.length).toBe(one.length);
    expect(
      largestDifference(
        out.filter((_, i) => i % one.every === 0),
        floats(one.data),
      ),
    ).toBeLessThanOrEqual(1e-6);
  });
}
