/**
 * A CLIP as scorer: raw terms of pictures against their prompts, one embedding for all of them.
 */
import { join } from 'node:path';
import { CLIP_IQA_PROMPTS, clipIqa } from '../metrics/clip-iqa.js';
import { cosineSimilarity } from '../metrics/clip-score.js';
import { clipPreprocess } from '../metrics/clip-preprocess.js';
import type { RgbImage } from '../metrics/image.js';
import { loadClipTokenizer } from './clip-tokenizer.js';
import { openSession, runBatched, type SessionOptions } from './runtime-session.js';
import type { ScorerFolder } from './scorer-folder.js';

/** The antonym pairs that are stored with every evaluation (paper, appendix: quality, noisiness, complexity). */
const PAIRS = ['quality', 'noisiness', 'complexity'] as const;

/** Names of the raw terms, in the order of a row. */
export const TERM_NAMES: readonly string[] = ['cosine', ...PAIRS.map((pair) => `clip-iqa.${pair}`)];

/** Scores pictures. */
export interface ClipScorer {
  readonly role: string;
  /** images with their prompts -> one row of TERM_NAMES an image. */
  score(images: readonly { readonly image: RgbImage; readonly text: string }[], between?: () => Promise<void>): Promise<Float64Array[]>;
  release(): Promise<void>;
}

/** Opens the two towers of a scorer folder. */
export async function openClipScorer(folder: ScorerFolder, options: SessionOptions): Promise<ClipScorer> {
  const tokenizer = loadClipTokenizer(folder.folder);
  const [textTower, imageTower] = await Promise.all(['text_model.onnx', 'vision_model.onnx'].map((file) => openSession(join(folder.folder, file), options)));
  const known = new Map<string, Float32Array>();

  const embedTexts = async (texts: readonly string[]): Promise<void> => {
    const fresh = [...new Set(texts)].filter((text) => !known.has(text));
    const rows = await runBatched(fresh, options.batch, (slice) => {
      const ids = tokenizer.encode(slice);
      return textTower!.run({ input_ids: { kind: 'rows', rows: slice.map((_, row) => ids.slice(row * tokenizer.length, (row + 1) * tokenizer.length)), shape: [tokenizer.length] } }, slice.length, 'text_embeds');
    });
    fresh.forEach((text, i) => known.set(text, rows[i]!));
  };

  return {
    role: folder.role,
    async score(images, between) {
      const antonyms = PAIRS.map((pair) => CLIP_IQA_PROMPTS[pair]);
      await embedTexts([...images.map(({ text }) => text), ...antonyms.flat()]);
      const preprocessing = { size: folder.imageSize, mean: folder.mean, std: folder.std, resize: true };
      const embeddings = await runBatched(images, options.batch, (slice) =>
        imageTower!.run({ pixel_values: { kind: 'rows', rows: slice.map(({ image }) => clipPreprocess(image, preprocessing)), shape: [3, folder.imageSize, folder.imageSize] } }, slice.length, 'image_embeds'), between);
      return embeddings.map((embedding, i) =>
        Float64Array.from([
          cosineSimilarity(embedding, known.get(images[i]!.text)!),
          ...antonyms.map(([positive, negative]) => clipIqa(embedding, known.get(positive)!, known.get(negative)!)),
        ]));
    },
    release: async () => { await Promise.all([textTower!.release(), imageTower!.release()]); },
  };
}
