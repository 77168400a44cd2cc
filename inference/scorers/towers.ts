/**
 * Both towers of a CLIP folder, and the scorer that is one number of an image and a caption.
 */
import { join } from 'node:path';
import type { SessionOptions } from '../models/runtime-session.js';
import { openImageTower, unit, type ImageInput, type ImageTower } from './image-tower.js';
import type { Scorer } from './scorer.js';
import type { ScorerFolder } from './scorer-kind.js';
import { openTextTower, type TextTower } from './text-tower.js';

/** Text and image side of one CLIP. */
export interface Towers {
  readonly texts: TextTower;
  readonly imageTower: ImageTower;
  readonly release: () => Promise<void>;
}

/** Opens text_model.onnx and vision_model.onnx of a folder. */
export async function openTowers(folder: string, options: SessionOptions, input: ImageInput): Promise<Towers> {
  const texts = await openTextTower(folder, options);
  const imageTower = await openImageTower(join(folder, 'vision_model.onnx'), options, input);
  return {
    texts,
    imageTower,
    release: async () => {
      await Promise.all([texts.release(), imageTower.release()]);
    },
  };
}

/** A scorer with one term, a function of the embeddings of image and prompt. */
export async function openPairScorer(
  { role, folder, names }: ScorerFolder,
  options: SessionOptions,
  input: ImageInput,
  term: (image: Float32Array, text: Float32Array) => number,
): Promise<Scorer> {
  const { texts, imageTower, release } = await openTowers(folder, options, input);
  return {
    role,
    names,
    async score(images, checkpoint) {
      const captions = await texts.embed(images.map(({ text }) => text));
      const rows = await imageTower.embed(
        images.map(({ image }) => image),
        checkpoint,
      );
      return rows.map((row, i) => Float64Array.of(term(row, captions[i]!)));
    },
    features: async (images, checkpoint) => (await imageTower.embed(images, checkpoint)).map(unit),
    release,
  };
}
