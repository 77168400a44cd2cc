/**
 * HPSv2 (Wu et al. 2023, arXiv 2306.09341): the plain cosine of a ViT-H-14 that was trained on people's choices.
 * v2.0 and v2.1 are different weights, and their values are not comparable.
 *
 * Its images become floats before the resize: /255, shortest side to `size` (bicubic, antialiased, no
 * clamping), centre crop, normalised: torchvision 0.26, `ToTensor, Resize, CenterCrop, Normalize`. For an image
 * that is not square, the hpsv2 package's own `score` fits the longest side and pads instead; the released
 * evaluation code crops.
 */
import { QschedError } from '../../contract/errors.js';
import { normalisedSquare, planesOf } from '../images/float-planes.js';
import type { RgbImage } from '../images/image.js';
import { resizeFloat } from '../images/resize-float.js';

/**
 * The encoder's input for one image.
 *
 * @param size side S of the square, in pixels (224)
 * @returns (3, S, S)
 * @throws QschedError (failure) if the size is not a positive whole number
 */
export function hpsv2Preprocess(
  image: RgbImage,
  size: number,
  mean: readonly [number, number, number],
  std: readonly [number, number, number],
): Float32Array {
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new QschedError('failure', `An encoder's input size must be a whole number of pixels, not ${size}.`);
  }
  const { width, height } = image;
  // The longer side is cut down to a whole number, as Python's int() does.
  const newWidth = width <= height ? size : Math.trunc((size * width) / height);
  const newHeight = width <= height ? Math.trunc((size * height) / width) : size;
  const fitted = resizeFloat(planesOf(image, 255), newWidth, newHeight, 'bicubic');
  return normalisedSquare(fitted, halfToEven(newWidth - size), halfToEven(newHeight - size), size, mean, std);
}

/** Half of a whole number, rounded as Python's `round` does: torchvision's centre. */
function halfToEven(twice: number): number {
  const down = Math.floor(twice / 2);
  return twice % 2 === 1 && down % 2 === 1 ? down + 1 : down;
}
