/**
 * PSNR and SSIM against pinned torchmetrics (tools/golden/pairwise.py).
 */
import { expect, test } from 'vitest';
import { boundedPsnr, psnr } from '../../metrics/pairwise/psnr.js';
import { ssim } from '../../metrics/pairwise/ssim.js';
import { changedImage, formulaImage } from '../unit/formula-image.js';
import golden from '../golden/pairwise/pixels.json' with { type: 'json' };

const pairs = golden.cases.map((one) => {
  const reference = formulaImage(one.width, one.height, one.seed);
  return { ...one, images: [reference, changedImage(reference, one.by)] as const };
});

test('the images are those of the golden script', () => {
  expect(pairs.map(({ images }) => images.map(({ data }) => data.reduce((sum, value) => sum + value, 0)))).toEqual(
    golden.cases.map(({ checksums }) => checksums),
  );
});

test.each(pairs)('$width x $height, changed by up to $by: PSNR and SSIM', ({ images, ...expected }) => {
  // torchmetrics takes the logarithms of range and base in float32.
  if (expected.psnr === null) expect(psnr(...images)).toBe(Infinity);
  else expect(Math.abs(psnr(...images) - expected.psnr)).toBeLessThan(1e-5);
  expect(Math.abs(boundedPsnr(...images) - (expected.psnr ?? 100))).toBeLessThan(1e-5);
  expect(Math.abs(ssim(...images) - expected.ssim)).toBeLessThan(1e-9);
  // The same call in float32 is within the gate.
  expect(Math.abs(ssim(...images) - expected.ssim32)).toBeLessThan(1e-5);
});
