/**
 * The image embeddings of CMMD: CLIP ViT-L/14 at 336 pixels, at unit length, images as the authors' code
 * prepares them (metrics/images/cmmd-preprocess.ts).
 */
import { join } from 'node:path';
import { cmmdPreprocess } from '../../metrics/images/cmmd-preprocess.js';
import { readClipPreprocessing } from './clip-folder.js';
import { openFeatures } from './features-only.js';
import { squareInput, unit } from './image-tower.js';
import type { ScorerKind } from './scorer-kind.js';
import { imageNetwork } from './scorer-networks.js';

/** Features only. */
export const cmmd: ScorerKind = {
  version: 'cmmd-1',
  hasFeatures: true,
  files: ['vision_model.onnx', 'preprocessor_config.json'],
  networks: (_, folder) => [imageNetwork(readClipPreprocessing(folder).size)],
  make: 'python tools/export_scorer.py cmmd --output models/cmmd',
  check(_, folder) {
    readClipPreprocessing(folder);
    return [];
  },
  open({ role, folder }, options) {
    const { size, mean, std } = readClipPreprocessing(folder);
    return openFeatures(
      role,
      join(folder, 'vision_model.onnx'),
      options,
      squareInput(size, (image) => cmmdPreprocess(image, size, mean, std)),
      'image_embeds',
      unit,
    );
  },
};
