/**
 * PickScore: term `pickscore`, exp(logit_scale) * cos, with "logit_scale" (before exp) in scorer.json.
 */
import { join } from 'node:path';
import { clipPreprocess } from '../../metrics/images/clip-preprocess.js';
import { pickScore } from '../../metrics/scores/pickscore.js';
import { QschedError } from '../../contract/errors.js';
import { CLIP_FILES, readClipPreprocessing } from './clip-folder.js';
import { squareInput } from './image-tower.js';
import type { ScorerKind } from './scorer-kind.js';
import { clipNetworks } from './scorer-networks.js';
import { openPairScorer } from './towers.js';

/** Term `pickscore`, about 15 to 25, higher is better. */
export const pickscore: ScorerKind = {
  version: 'pickscore-1',
  hasFeatures: true,
  files: CLIP_FILES,
  networks: (_, folder) => clipNetworks(folder, readClipPreprocessing(folder).size),
  make: 'python tools/export_scorer.py pickscore --output models/pickscore',
  check(manifest, folder) {
    readClipPreprocessing(folder);
    logitScale(manifest, folder);
    return ['pickscore'];
  },
  open(folder, options) {
    const preprocessing = { ...readClipPreprocessing(folder.folder), resize: true };
    const scale = logitScale(folder.manifest, folder.folder);
    return openPairScorer(
      folder,
      options,
      squareInput(preprocessing.size, (image) => clipPreprocess(image, preprocessing)),
      (image, text) => pickScore(image, text, scale),
    );
  },
};

function logitScale(manifest: Readonly<Record<string, unknown>>, folder: string): number {
  const value = manifest['logit_scale'];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new QschedError(
    'usage',
    `${join(folder, 'scorer.json')}: logit_scale is ${JSON.stringify(value)}, not a finite number.`,
    `Make the folder again: ${pickscore.make}`,
  );
}
