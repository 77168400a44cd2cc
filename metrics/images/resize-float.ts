/**
 * The float form of the antialiased resize: float32 planes in and out, float64 sums, no
 * rounding to bytes and no clamping (Pillow's mode F; torch's `interpolate(antialias=True)`).
 * For scores whose reference resizes after the conversion to float (HPSv2, clean-fid).
 */
import { QschedError } from '../../contract/errors.js';
import { axisWeights, type ResampleFilter } from './resample-weights.js';

/** A stack of float planes, (channels, height, width). */
export interface FloatPlanes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/**
 * Resizes every plane, columns first and then rows.
 *
 * @param width pixels of the result, at least 1
 * @param height pixels of the result, at least 1
 * @throws QschedError (failure) if the sizes do not fit the data
 */
export function resizeFloat(planes: FloatPlanes, width: number, height: number, filter: ResampleFilter): FloatPlanes {
  const { channels, data } = planes;
  const sides = [channels, planes.height, planes.width, height, width];
  if (
    !sides.every((side) => Number.isInteger(side) && side > 0) ||
    data.length !== channels * planes.height * planes.width
  ) {
    throw new QschedError(
      'failure',
      `Cannot resize ${data.length} values as ${channels} planes of ${planes.width} x ${planes.height} to ${width} x ${height}.`,
    );
  }
  const lines = channels * planes.height;
  const wide = width === planes.width ? data : alongColumns(data, lines, planes.width, width, filter);
  const tall = height === planes.height ? wide : alongRows(wide, channels, planes.height, height, width, filter);
  return { channels, height, width, data: tall === data ? data.slice() : tall };
}

function alongColumns(
  data: Float32Array,
  lines: number,
  from: number,
  to: number,
  filter: ResampleFilter,
): Float32Array {
  const { stride, first, count, weight } = axisWeights(from, 0, from, to, filter);
  const out = new Float32Array(lines * to);
  for (let line = 0; line < lines; line++) {
    for (let x = 0; x < to; x++) {
      const start = line * from + first[x]!;
      let sum = 0;
      for (let j = 0; j < count[x]!; j++) sum += data[start + j]! * weight[x * stride + j]!;
      out[line * to + x] = sum;
    }
  }
  return out;
}

function alongRows(
  data: Float32Array,
  channels: number,
  from: number,
  to: number,
  width: number,
  filter: ResampleFilter,
): Float32Array {
  const { stride, first, count, weight } = axisWeights(from, 0, from, to, filter);
  const out = new Float32Array(channels * to * width);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < to; y++) {
      const start = (channel * from + first[y]!) * width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let j = 0; j < count[y]!; j++) sum += data[start + j * width + x]! * weight[y * stride + j]!;
        out[(channel * to + y) * width + x] = sum;
      }
    }
  }
  return out;
}
