/**
 * DINOv2's image features (Oquab et al. 2023, arXiv 2304.07193): the class token, at unit length, for cosines between images
 * and for distances between sets. vision_model.onnx takes `pixel_values` (B, 3, S, S) and gives `image_embeds`; images as
 * transformers' BitImageProcessor prepares them: shortest side resized with Pillow's bicubic, centre crop.
 */
import { join } from 'node:path';
import { QschedError } from '../../contract/errors.js';
import { clipPreprocess } from '../../metrics/images/clip-preprocess.js';
import { readJson } from '../models/folder-files.js';
import { readClipPreprocessing } from './clip-folder.js';
import { openFeatures } from './features-only.js';
import { squareInput, unit } from './image-tower.js';
import type { ScorerKind } from './scorer-kind.js';
import { imageNetwork } from './scorer-networks.js';

const CONFIG = 'preprocessor_config.json';

/** Features only. */
export const dinov2: ScorerKind = {
  version: 'dinov2-1',
  hasFeatures: true,
  files: ['vision_model.onnx', CONFIG],
  networks: (_, folder) => [imageNetwork(readClipPreprocessing(folder).size)],
  make: 'python tools/export_scorer.py dinov2 --output models/dinov2',
  check(_, folder) {
    readShortest(folder);
    return [];
  },
  open({ role, folder }, options) {
    const preprocessing = { ...readClipPreprocessing(folder), shortest: readShortest(folder), resize: true };
    return openFeatures(
      role,
      join(folder, 'vision_model.onnx'),
      options,
      squareInput(preprocessing.size, (image) => clipPreprocess(image, preprocessing)),
      'image_embeds',
      unit,
    );
  },
};

/** Shortest side before the crop. @throws QschedError (usage) if it is not a whole number, or the crop is larger */
function readShortest(folder: string): number {
  const { size: crop } = readClipPreprocessing(folder);
  const { size } = readJson(folder, CONFIG) as { size?: { shortest_edge?: unknown } };
  const shortest = size?.shortest_edge ?? crop;
  if (typeof shortest === 'number' && Number.isInteger(shortest) && shortest >= crop) return shortest;
  throw new QschedError(
    'usage',
    `${join(folder, CONFIG)}: size.shortest_edge is ${JSON.stringify(shortest)}, and the crop ${crop}.`,
    `The shortest side must be a whole number of at least the crop. Make it again: ${dinov2.make}`,
  );
}
