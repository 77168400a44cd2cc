/**
 * Inception's pool features for FID and KID, with clean-fid's resize (metrics/images/inception-preprocess.ts).
 * model.onnx takes `pixel_values` (B, 3, 299, 299) on -1 to 1 and gives `features` (B, 2048).
 */
import { join } from 'node:path';
import { INCEPTION_SIZE, inceptionPreprocess } from '../../metrics/images/inception-preprocess.js';
import { openFeatures } from './features-only.js';
import { squareInput } from './image-tower.js';
import type { ScorerKind } from './scorer-kind.js';
import { imageNetwork } from './scorer-networks.js';

/** Features only. */
export const inception: ScorerKind = {
  version: 'inception-1',
  hasFeatures: true,
  files: ['model.onnx'],
  networks: () => [imageNetwork(INCEPTION_SIZE, 'model.onnx', 'features')],
  make:
    'python tools/export_scorer.py inception --checkpoint pt_inception-2015-12-05-6726825d.pth ' +
    '--output models/inception',
  check: () => [],
  open: ({ role, folder }, options) =>
    openFeatures(
      role,
      join(folder, 'model.onnx'),
      options,
      squareInput(INCEPTION_SIZE, inceptionPreprocess),
      'features',
      (row) => row.slice(),
    ),
};
