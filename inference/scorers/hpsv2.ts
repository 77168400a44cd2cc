/**
 * HPSv2: term `hpsv2`, the cosine of image and prompt. scorer.json states which weights these are, as
 * "version": "v2.0" or "v2.1": scorer.json is hashed into every key, so that the two never mix.
 */
import { join } from 'node:path';
import { cosineSimilarity } from '../../metrics/scores/clip-score.js';
import { hpsv2Preprocess } from '../../metrics/scores/hpsv2.js';
import { QschedError } from '../../contract/errors.js';
import { CLIP_FILES, readClipPreprocessing } from './clip-folder.js';
import { squareInput } from './image-tower.js';
import type { ScorerKind } from './scorer-kind.js';
import { clipNetworks } from './scorer-networks.js';
import { openPairScorer } from './towers.js';

const VERSIONS = ['v2.0', 'v2.1'];

/** Term `hpsv2`, about 0.2 to 0.35, higher is better. */
export const hpsv2: ScorerKind = {
  version: 'hpsv2-1',
  hasFeatures: true,
  files: CLIP_FILES,
  networks: (_, folder) => clipNetworks(folder, readClipPreprocessing(folder).size),
  make: 'python tools/export_scorer.py hpsv2 --checkpoint HPS_v2.1_compressed.pt --output models/hpsv2',
  label: ({ version }) => `HPS${String(version)}`,
  check(manifest, folder) {
    readClipPreprocessing(folder);
    if (!VERSIONS.includes(manifest['version'] as string)) {
      throw new QschedError(
        'usage',
        `${join(folder, 'scorer.json')}: version is ${JSON.stringify(manifest['version'])}, ` +
          `not ${VERSIONS.join(' or ')}.`,
        'Write which weights these are, for example "version": "v2.1": the two are not comparable.',
      );
    }
    return ['hpsv2'];
  },
  open(folder, options) {
    const { size, mean, std } = readClipPreprocessing(folder.folder);
    return openPairScorer(
      folder,
      options,
      squareInput(size, (image) => hpsv2Preprocess(image, size, mean, std)),
      cosineSimilarity,
    );
  },
};
