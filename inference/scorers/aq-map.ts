/**
 * AQ-MAP in its corrected form (metrics/scores/aq-map.ts): term `aq-map`. Nouns come with the prompt set; if it
 * lists none, a part-of-speech tagger finds them.
 */
import { aqMap as score, aqMapPreprocess, ensembleEmbedding } from '../../metrics/scores/aq-map.js';
import { AQ_MAP_TEMPLATES } from '../../metrics/scores/aq-map-templates.js';
import { nounsOf } from '../prompts/nouns.js';
import { CLIP_FILES, readClipPreprocessing } from './clip-folder.js';
import { squareInput, unit } from './image-tower.js';
import type { ScorerKind } from './scorer-kind.js';
import { clipNetworks } from './scorer-networks.js';
import type { TextTower } from './text-tower.js';
import { openTowers } from './towers.js';

/** Nouns whose embeddings are remembered, 2 KiB each. */
const REMEMBERED = 20_000;

/** Term `aq-map`, 0 to 1, higher is better; 0.5 for a prompt without a noun. */
export const aqMap: ScorerKind = {
  version: 'aq-map-1',
  hasFeatures: true,
  files: CLIP_FILES,
  networks: (_, folder) => clipNetworks(folder, readClipPreprocessing(folder).size),
  make: 'python tools/export_scorer.py aq-map --output models/aq-map',
  usesNouns: true,
  check(_, folder) {
    readClipPreprocessing(folder);
    return ['aq-map'];
  },
  async open({ role, folder, names }, options) {
    const { size, mean, std } = readClipPreprocessing(folder);
    const { texts, imageTower, release } = await openTowers(
      folder,
      options,
      squareInput(size, (image) => aqMapPreprocess(image, size, mean, std)),
    );
    const embedNoun = nounEmbeddings(texts);
    return {
      role,
      names,
      async score(images, checkpoint) {
        const nouns: (readonly Float64Array[])[] = [];
        for (const { text, nouns: given } of images) {
          const own: Float64Array[] = [];
          for (const noun of given ?? (await nounsOf(text))) own.push(await embedNoun(noun));
          nouns.push(own);
        }
        const empty = await embedNoun('');
        const rows = await imageTower.embed(
          images.map(({ image }) => image),
          checkpoint,
        );
        return rows.map((row, i) => Float64Array.of(score(row, nouns[i]!, empty)));
      },
      features: async (images, checkpoint) => (await imageTower.embed(images, checkpoint)).map(unit),
      release,
    };
  },
};

function nounEmbeddings(texts: TextTower): (noun: string) => Promise<Float64Array> {
  const remembered = new Map<string, Float64Array>();
  return async (noun) => {
    const known = remembered.get(noun);
    if (known !== undefined) return known;
    const made = ensembleEmbedding(
      await texts.embed(AQ_MAP_TEMPLATES.map((template) => template.replace('{}', () => noun))),
    );
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(noun, made);
    return made;
  };
}
