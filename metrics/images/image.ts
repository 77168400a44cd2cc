/**
 * The image every score starts from: 8-bit RGB, as a decoder or a pipeline hands it over.
 */
import { QschedError } from '../../contract/errors.js';

/** An 8-bit image. `data` holds height * width * 3 values, rows from the top, RGB interleaved. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Throws unless the image's sides are whole, positive and match its data.
 *
 * @throws QschedError (failure)
 */
export function checkImage(image: RgbImage): void {
  const { width, height, data } = image;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new QschedError(
      'failure',
      `An image of ${width} x ${height} pixels: both sides must be whole and at least 1.`,
    );
  }
  if (data.length !== width * height * 3) {
    throw new QschedError(
      'failure',
      `An RGB image of ${width} x ${height} pixels needs ${width * height * 3} bytes, not ${data.length}.`,
    );
  }
}

/**
 * Turns a decoder's output into 8-bit RGB with the rounding of diffusers 0.42
 * (`VaeImageProcessor.postprocess`): float32 throughout,
 * clamp(x * 0.5 + 0.5, 0, 1) * 255, then round half to even.
 *
 * @param planar (3, height, width), nominally in [-1, 1]
 * @param height pixels
 * @param width pixels
 * @throws QschedError (failure) if the length is wrong or a value is not a number
 */
export function imageFromPlanar(planar: Float32Array, height: number, width: number): RgbImage {
  const area = height * width;
  if (planar.length !== 3 * area) {
    throw new QschedError(
      'failure',
      `A planar RGB image of ${width} x ${height} needs ${3 * area} values, not ${planar.length}.`,
    );
  }
  const data = new Uint8Array(3 * area);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < area; i++) {
      const x = planar[channel * area + i]!;
      if (x !== x) throw new QschedError('failure', `The decoded image has a NaN at channel ${channel}, pixel ${i}.`);
      const unit = Math.min(1, Math.max(0, Math.fround(x * 0.5 + 0.5)));
      data[3 * i + channel] = roundHalfToEven(Math.fround(unit * 255));
    }
  }
  const image = { width, height, data };
  checkImage(image);
  return image;
}

/** numpy's `round` for 0 <= x < 2^52: the nearest whole number, ties to the even one. */
function roundHalfToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
