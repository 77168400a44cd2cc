/**
 * LPIPS of two images from the feature maps of one network (Zhang et al. 2018, arXiv 1801.03924, Eq. 1; package lpips
 * 0.1.4, version 0.1):
 *
 *   d = sum over layers l of the mean over positions hw of  sum over channels c of  w_lc (f_lchw / |f_lhw| - g_lchw / |g_lhw|)^2
 *
 * with |f| the length over channels, plus 1e-10 as in the package. Sums are in float64.
 */
import { QschedError } from '../../contract/errors.js';
import { checkImage, type RgbImage } from '../images/image.js';

const EPSILON = 1e-10;

/** The input of the network: (3, height, width) on -1 to 1, as `lpips.im2tensor` makes it. */
export function lpipsInput(image: RgbImage): Float32Array {
  checkImage(image);
  const { width, height, data } = image;
  const area = width * height;
  const out = new Float32Array(3 * area);
  for (let channel = 0; channel < 3; channel += 1) {
    for (let i = 0; i < area; i += 1) out[channel * area + i] = data[3 * i + channel]! / 127.5 - 1;
  }
  return out;
}

/**
 * The distance, 0 for equal features; lower is nearer.
 *
 * @param reference one feature map per layer, (channels, positions)
 * @param candidate the same of the other image, which has its size
 * @param heads the weights of each layer, one per channel
 * @throws QschedError (failure) if maps and heads do not fit each other
 */
export function lpips(
  reference: readonly Float32Array[],
  candidate: readonly Float32Array[],
  heads: readonly Float64Array[],
): number {
  return heads.reduce((sum, weights, layer) => sum + layerDistance(reference[layer], candidate[layer], weights), 0);
}

function layerDistance(f: Float32Array | undefined, g: Float32Array | undefined, weights: Float64Array): number {
  const channels = weights.length;
  if (f === undefined || g?.length !== f.length || f.length === 0 || f.length % channels !== 0) {
    throw new QschedError(
      'failure',
      `A layer has ${f?.length ?? 0} and ${g?.length ?? 0} features, which do not fit a head of ${channels} channels.`,
    );
  }
  const positions = f.length / channels;
  const lengths = [f, g].map((map) => lengthsOf(map, channels, positions)) as [Float64Array, Float64Array];
  let sum = 0;
  for (let c = 0; c < channels; c += 1) {
    let squares = 0;
    for (let p = 0, at = c * positions; p < positions; p += 1, at += 1) {
      const d = f[at]! / lengths[0][p]! - g[at]! / lengths[1][p]!;
      squares += d * d;
    }
    sum += weights[c]! * squares;
  }
  return sum / positions;
}

/** The length over channels at each position. */
function lengthsOf(map: Float32Array, channels: number, positions: number): Float64Array {
  const squares = new Float64Array(positions);
  for (let c = 0, at = 0; c < channels; c += 1) {
    for (let p = 0; p < positions; p += 1, at += 1) squares[p]! += map[at]! * map[at]!;
  }
  return squares.map((value) => Math.sqrt(value) + EPSILON);
}
