/**
 * A window of an image.
 */
import { QschedError } from '../../contract/errors.js';
import { checkImage, type RgbImage } from './image.js';

/**
 * Cuts a window out.
 *
 * @throws QschedError (failure) if the window is not whole pixels inside the image
 */
export function cropImage(image: RgbImage, left: number, top: number, width: number, height: number): RgbImage {
  checkImage(image);
  const whole = [left, top, width, height].every((value) => Number.isInteger(value) && value >= 0);
  if (!whole || width === 0 || height === 0 || left + width > image.width || top + height > image.height) {
    throw new QschedError(
      'failure',
      `A window of ${width} x ${height} at ${left}, ${top} does not lie inside an image of ${image.width} x ${image.height}.`,
    );
  }
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * image.width + left);
    data.set(image.data.subarray(from, from + 3 * width), 3 * y * width);
  }
  return { width, height, data };
}
