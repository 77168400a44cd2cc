/**
 * Structural similarity of two 8-bit images (Wang et al. 2004), with the defaults of torchmetrics 1.9
 * `structural_similarity_index_measure` at data_range=1: a Gaussian window of 11 x 11 with sigma 1.5, K1 = .01, K2 = .03,
 * borders reflected, each channel on its own, the mean over all pixels and channels.
 *
 *   SSIM = (2 mu_a mu_b + c1) (2 s_ab + c2) / ((mu_a^2 + mu_b^2 + c1) (s_a^2 + s_b^2 + c2)),  c_i = K_i^2
 *
 * Everything is computed in float64; torchmetrics computes in the images' type.
 */
import { QschedError } from '../../contract/errors.js';
import type { RgbImage } from '../images/image.js';
import { checkSameSize } from './same-size.js';

const RADIUS = 5;
const SIGMA = 1.5;
const C1 = 0.01 ** 2;
const C2 = 0.03 ** 2;
/** Borders are reflected without the edge itself, so that a side needs one pixel more than the radius. */
const LEAST_SIDE = RADIUS + 1;

const WINDOW = gaussianWindow();

/**
 * SSIM, -1 to 1; 1 for equal images.
 *
 * @throws QschedError (failure) if the sizes differ, or a side has fewer than 6 pixels
 */
export function ssim(reference: RgbImage, candidate: RgbImage): number {
  checkSameSize(reference, candidate);
  const { width, height } = reference;
  if (Math.min(width, height) < LEAST_SIDE) {
    throw new QschedError('failure', `SSIM needs sides of at least ${LEAST_SIDE} pixels, not ${width} x ${height}.`);
  }
  const across = reflected(width);
  const down = reflected(height);
  let sum = 0;
  for (let channel = 0; channel < 3; channel += 1) sum += channelSum(reference, candidate, channel, across, down);
  return sum / (3 * width * height);
}

/** Sum over the pixels of one channel. Each of the five means is filtered along rows first, then along columns. */
function channelSum(
  { width, height, data: a }: RgbImage,
  { data: b }: RgbImage,
  channel: number,
  across: Int32Array,
  down: Int32Array,
): number {
  const area = width * height;
  const rows = Array.from({ length: 5 }, () => new Float64Array(area));
  const [ma, mb, maa, mbb, mab] = rows as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const lineA = new Float64Array(width);
  const lineB = new Float64Array(width);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = 3 * (y * width + x) + channel;
      lineA[x] = a[at]! / 255;
      lineB[x] = b[at]! / 255;
    }
    for (let x = 0; x < width; x += 1) {
      let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
      for (let k = 0; k < WINDOW.length; k += 1) {
        const from = across[x + k]!;
        const [w, p, q] = [WINDOW[k]!, lineA[from]!, lineB[from]!];
        const [wp, wq] = [w * p, w * q];
        sa += wp;
        sb += wq;
        saa += wp * p;
        sbb += wq * q;
        sab += wp * q;
      }
      const to = y * width + x;
      ma[to] = sa;
      mb[to] = sb;
      maa[to] = saa;
      mbb[to] = sbb;
      mab[to] = sab;
    }
  }
  let sum = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
      for (let k = 0; k < WINDOW.length; k += 1) {
        const from = down[y + k]! * width + x;
        const w = WINDOW[k]!;
        sa += w * ma[from]!;
        sb += w * mb[from]!;
        saa += w * maa[from]!;
        sbb += w * mbb[from]!;
        sab += w * mab[from]!;
      }
      const upper = (2 * sa * sb + C1) * (2 * (sab - sa * sb) + C2);
      const variances = Math.max(0, saa - sa * sa) + Math.max(0, sbb - sb * sb);
      sum += upper / ((sa * sa + sb * sb + C1) * (variances + C2));
    }
  }
  return sum;
}

/** Places of a line that is extended by the radius on both sides: d c b | a b c d | c b a. */
function reflected(length: number): Int32Array {
  return Int32Array.from({ length: length + 2 * RADIUS }, (_, i) => {
    const at = Math.abs(i - RADIUS);
    return at < length ? at : 2 * (length - 1) - at;
  });
}

function gaussianWindow(): Float64Array {
  const raw = Float64Array.from({ length: 2 * RADIUS + 1 }, (_, k) => Math.exp(-(((k - RADIUS) / SIGMA) ** 2) / 2));
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => value / sum);
}
