/**
 * A CLIP as scorer: the cosine with the prompt and every CLIP-IQA pair, from one embedding of the
 * picture. Its unit embeddings are features for distances too.
 */
import { join } from 'node:path';
import { CLIP_IQA_PROMPTS, clipIqaFromCosines, type ClipIqaName } from '../../metrics/clip-iqa.js';
import { clipPreprocess } from '../../metrics/clip-preprocess.js';
import { cosineSimilarity } from '../../metrics/clip-score.js';
import type { RgbImage } from '../../metrics/image.js';
import { openSession, runBatched, type SessionOptions } from '../runtime-session.js';
import { CLIP_FILES, readClipPreprocessing } from './clip-folder.js';
import type { Between, Scorer } from './scorer.js';
import type { ScorerFolder, ScorerKind } from './scorer-kind.js';
import { openTextTower } from './text-tower.js';

const PAIRS = Object.keys(CLIP_IQA_PROMPTS) as ClipIqaName[];

/** Names of the raw terms, in the order of a row. */
export const TERM_NAMES: readonly string[] = ['cosine', ...PAIRS.map((pair) => `clip-iqa.${pair}`)];

/** transformers' CLIP: text and image towers, Pillow's bicubic resize, centre crop. */
export const clip: ScorerKind = {
  version: 'clip-2',
  files: CLIP_FILES,
  make: 'python tools/export_scorer.py clip-score --output models/clip-score',
  check(_, folder) {
    readClipPreprocessing(folder);
    return TERM_NAMES;
  },
  open: openClip,
};

async function openClip({ role, folder }: ScorerFolder, options: SessionOptions): Promise<Scorer> {
  const preprocessing = { ...readClipPreprocessing(folder), resize: true };
  const { size } = preprocessing;
  const texts = await openTextTower(folder, options);
  const tower = await openSession(join(folder, 'vision_model.onnx'), options);
  const antonyms = PAIRS.flatMap((pair) => [...CLIP_IQA_PROMPTS[pair]]);

  const embed = (images: readonly RgbImage[], between?: Between): Promise<Float32Array[]> =>
    runBatched(images, options.batch, (slice) =>
      tower.run({ pixel_values: { kind: 'rows', rows: slice.map((image) => clipPreprocess(image, preprocessing)), shape: [3, size, size] } }, slice.length, 'image_embeds'), between);

  return {
    role,
    names: TERM_NAMES,
    async score(pictures, between) {
      const captions = await texts.embed(pictures.map(({ text }) => text));
      const poles = await texts.embed(antonyms);
      const images = await embed(pictures.map(({ image }) => image), between);
      return images.map((image, i) => {
        const cosines = poles.map((pole) => cosineSimilarity(image, pole));
        return Float64Array.from([cosineSimilarity(image, captions[i]!), ...PAIRS.map((_, p) => clipIqaFromCosines(cosines[2 * p]!, cosines[2 * p + 1]!))]);
      });
    },
    features: async (images, between) => (await embed(images, between)).map(unit),
    release: async () => { await Promise.all([texts.release(), tower.release()]); },
  };
}

function unit(row: Float32Array): Float32Array {
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
}
