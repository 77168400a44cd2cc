/**
 * A scorer that has no terms, only features for distances between sets.
 */
import type { SessionOptions } from '../models/runtime-session.js';
import { openImageTower, type ImageInput } from './image-tower.js';
import type { Scorer } from './scorer.js';

/** Opens the network of a features-only folder; `after` is applied to every row. */
export async function openFeatures(
  role: string,
  path: string,
  options: SessionOptions,
  input: ImageInput,
  output: string,
  after: (row: Float32Array) => Float32Array,
): Promise<Scorer> {
  const tower = await openImageTower(path, options, input, output);
  return {
    role,
    names: [],
    score: (images) => Promise.resolve(images.map(() => new Float64Array(0))),
    features: async (images, checkpoint) => (await tower.embed(images, checkpoint)).map(after),
    release: () => tower.release(),
  };
}
