/**
 * Peak signal-to-noise ratio of two 8-bit images: 10 log10(255^2 / MSE), the mean over all pixels and channels. Equal to
 * torchmetrics 1.9 `peak_signal_noise_ratio` with data_range=255, one image per call.
 */
import type { RgbImage } from '../images/image.js';
import { checkSameSize } from './same-size.js';

/** Where PSNR is cut as a score: equal images have no finite one, and a mean needs finite numbers. */
const CEILING = 100;

/**
 * PSNR in dB; Infinity for equal images.
 *
 * @throws QschedError (failure) if the sizes differ
 */
export function psnr(reference: RgbImage, candidate: RgbImage): number {
  checkSameSize(reference, candidate);
  const a = reference.data;
  const b = candidate.data;
  let squares = 0;
  for (let i = 0; i < a.length; i += 1) {
    const d = a[i]! - b[i]!;
    squares += d * d;
  }
  return 10 * Math.log10((255 * 255 * a.length) / squares);
}

/** PSNR as a score: at most 100 dB, which equal images have. @throws QschedError (failure) if the sizes differ */
export const boundedPsnr = (reference: RgbImage, candidate: RgbImage): number =>
  Math.min(CEILING, psnr(reference, candidate));
