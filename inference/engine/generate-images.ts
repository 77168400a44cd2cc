/**
 * A few images in this process, without a server: the same bits as a worker generates.
 */
import { QschedError } from '../../contract/errors.js';
import type { WireSchedule } from '../../contract/wire/schedule.js';
import type { RgbImage } from '../../metrics/images/image.js';
import { engineParts, type EngineOptions, type NamedNetwork } from './engine-parts.js';
import { generateBlocks, type EngineControl } from './generate-blocks.js';
import type { Pair } from './sampling-loop.js';

/**
 * One image per pair of prompt and seed, in their order.
 *
 * @param schedule with its coefficients inside
 * @throws QschedError (usage) if a network cannot be loaded; (failure) for an image with values that are not finite
 */
export async function generateImages(
  network: NamedNetwork,
  schedule: WireSchedule,
  pairs: readonly Pair[],
  options: EngineOptions,
  control: EngineControl = {},
): Promise<readonly RgbImage[]> {
  const generator = await engineParts(options).generator(network);
  const candidate = { schedule, pairs: pairs.map((_, pair) => pair) };
  const images: RgbImage[] = [];
  await generateBlocks(generator, [candidate], pairs, control, (generated) => {
    for (const { at, image } of generated) {
      if ('failed' in image) {
        throw new QschedError('failure', `The image of seed ${pairs[at]!.seed} cannot be used: ${image.failed}.`);
      }
      images[at] = image;
    }
    return Promise.resolve();
  });
  return images;
}
