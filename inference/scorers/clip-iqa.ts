/**
 * CLIP-IQA as torchmetrics has it by default: OpenAI's ResNet-50 without positional embedding, images at
 * their own size. A batch holds images of one size only.
 */
import { clipPreprocess } from '../../metrics/images/clip-preprocess.js';
import { ANTONYM_TERMS, antonymCaptions, antonymScores } from './antonyms.js';
import { CLIP_FILES, readNormalisation } from './clip-folder.js';
import { unit } from './image-tower.js';
import type { ScorerKind } from './scorer-kind.js';
import { clipNetworks } from './scorer-networks.js';
import { openTowers } from './towers.js';

/** Terms `clip-iqa.<pair>`, 0 to 1, higher is nearer to the positive caption. */
export const clipIqa: ScorerKind = {
  version: 'clip-iqa-1',
  hasFeatures: true,
  files: CLIP_FILES,
  networks: (_, folder) => clipNetworks(folder, null),
  make: 'python tools/export_scorer.py clip-iqa --checkpoint RN50.pt --output models/clip-iqa',
  check(_, folder) {
    readNormalisation(folder);
    return ANTONYM_TERMS;
  },
  async open({ role, folder, names }, options) {
    const preprocessing = { ...readNormalisation(folder), size: 0, resize: false };
    const { texts, imageTower, release } = await openTowers(folder, options, {
      shape: ({ width, height }) => [3, height, width],
      prepare: (image) => clipPreprocess(image, preprocessing),
    });
    return {
      role,
      names,
      async score(images, checkpoint) {
        const poles = await antonymCaptions(texts);
        const rows = await imageTower.embed(
          images.map(({ image }) => image),
          checkpoint,
        );
        return rows.map((row) => Float64Array.from(antonymScores(row, poles)));
      },
      features: async (images, checkpoint) => (await imageTower.embed(images, checkpoint)).map(unit),
      release,
    };
  },
};
