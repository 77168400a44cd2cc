/**
 * A CLIP as scorer: the cosine with the prompt and every CLIP-IQA pair, from one embedding of the
 * image. Its unit embeddings are features for distances too.
 */
import { clipPreprocess } from '../../metrics/images/clip-preprocess.js';
import { cosineSimilarity } from '../../metrics/scores/clip-score.js';
import type { SessionOptions } from '../models/runtime-session.js';
import { ANTONYM_TERMS, antonymCaptions, antonymScores } from './antonyms.js';
import { CLIP_FILES, readClipPreprocessing } from './clip-folder.js';
import { squareInput, unit } from './image-tower.js';
import type { Scorer } from './scorer.js';
import type { ScorerFolder, ScorerKind } from './scorer-kind.js';
import { clipNetworks } from './scorer-networks.js';
import { openTowers } from './towers.js';

/** Names of the raw terms, in the order of a row. */
export const TERM_NAMES: readonly string[] = ['cosine', ...ANTONYM_TERMS];

/** transformers' CLIP: text and image towers, Pillow's bicubic resize, centre crop. */
export const clip: ScorerKind = {
  version: 'clip-2',
  files: CLIP_FILES,
  networks: (_, folder) => clipNetworks(folder, readClipPreprocessing(folder).size),
  hasFeatures: true,
  make: 'python tools/export_scorer.py clip-score --output models/clip-score',
  check(_, folder) {
    readClipPreprocessing(folder);
    return TERM_NAMES;
  },
  open: openClip,
};

async function openClip({ role, folder }: ScorerFolder, options: SessionOptions): Promise<Scorer> {
  const preprocessing = { ...readClipPreprocessing(folder), resize: true };
  const { texts, imageTower, release } = await openTowers(
    folder,
    options,
    squareInput(preprocessing.size, (image) => clipPreprocess(image, preprocessing)),
  );
  return {
    role,
    names: TERM_NAMES,
    async score(images, checkpoint) {
      const captions = await texts.embed(images.map(({ text }) => text));
      const poles = await antonymCaptions(texts);
      const rows = await imageTower.embed(
        images.map(({ image }) => image),
        checkpoint,
      );
      return rows.map((row, i) =>
        Float64Array.from([cosineSimilarity(row, captions[i]!), ...antonymScores(row, poles)]),
      );
    },
    features: async (images, checkpoint) => (await imageTower.embed(images, checkpoint)).map(unit),
    release,
  };
}
