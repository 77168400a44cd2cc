/**
 * What two images need in common to be compared pixel by pixel.
 */
import { QschedError } from '../../contract/errors.js';
import { checkImage, type RgbImage } from '../images/image.js';

/** Whether both images have the same width and height. */
export const areSameSize = (a: RgbImage, b: RgbImage): boolean => a.width === b.width && a.height === b.height;

/** @throws QschedError (failure) if an image is malformed, or the two have different sizes */
export function checkSameSize(reference: RgbImage, candidate: RgbImage): void {
  checkImage(reference);
  checkImage(candidate);
  if (!areSameSize(reference, candidate)) throw new QschedError('failure', otherSizes(reference, candidate));
}

/** The sentence for two sizes. */
export const otherSizes = (reference: RgbImage, candidate: RgbImage): string =>
  `An image of ${candidate.width} x ${candidate.height} pixels cannot be compared with its reference of ` +
  `${reference.width} x ${reference.height}: both need one size.`;
