/**
 * The images of CMMD (Jayasumana et al. 2024, arXiv 2401.09603) as its authors' code prepares them: the
 * largest centred square is cut out, Pillow's bicubic filter brings it to the encoder's size (336), then /255
 * and CLIP's normalisation.
 */
import { clipPreprocess } from './clip-preprocess.js';
import { cropImage } from './crop.js';
import type { RgbImage } from './image.js';
import { resizePillow } from './resize-pillow.js';

/**
 * The encoder's input for one image.
 *
 * @param size side S of the square, in pixels
 * @returns (3, S, S)
 * @throws QschedError (failure) if the size is not a positive whole number
 */
export function cmmdPreprocess(
  image: RgbImage,
  size: number,
  mean: readonly [number, number, number],
  std: readonly [number, number, number],
): Float32Array {
  const { width, height } = image;
  const side = Math.min(width, height);
  const square =
    width === height
      ? image
      : cropImage(image, Math.floor((width - side) / 2), Math.floor((height - side) / 2), side, side);
  return clipPreprocess(resizePillow(square, size, size, 'bicubic'), { size, mean, std, resize: false });
}
