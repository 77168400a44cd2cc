/**
 * Scoring images that exist already, whoever made them. ONNX Runtime is loaded when something is scored.
 */
import type { ImageScores, ScoreImagesOptions } from './image-scores.js';
import type { ImageSource } from './read-image.js';

/**
 * Scores images with one scorer: raw terms and JAQ, without a server and without a database. The JAQ of a set is the mean
 * over its images.
 *
 * @param images 8-bit RGB images, or paths of PNG files
 * @returns one entry per image, in order
 * @throws QschedError (usage): no such scorer or device, a file that is no PNG image, or not one prompt per image;
 *   (failure): a term that is not finite, named with its image
 */
export async function scoreImages(images: readonly ImageSource[], options: ScoreImagesOptions): Promise<ImageScores[]> {
  const { scoreWith } = await import('./score-with.js');
  return scoreWith(images, options);
}
