/**
 * What a search that was made without a model is made of: terms of images, and images.
 */
import { encodeImage } from '../artefacts/artefact-formats.js';
import { openArtefactFolder } from '../artefacts/artefact-store.js';
import type { Coefficients } from '../contract/coefficients.js';
import { createGenerator } from '../optimizers/rng.js';

/** The full-precision network. */
export const FULL = 'fp32';

/** An artefact folder, and the side of the images in it. */
export interface KeptImages {
  readonly folder: string;
  readonly side: number;
}

/** A smooth surface with noise per image; full precision gains less from the same coefficients. */
export function termsOf({ sample, noise }: Coefficients, image: number, precision: string): number[] {
  const { normal } = createGenerator(image);
  const first = (sample[0]! - 0.93) ** 2 + 0.4 * (noise[0]! - 1.05) ** 2;
  const last = 0.5 * (sample.at(-1)! - 1.02) ** 2 + 0.1 * (noise.at(-1)! - 1) ** 2;
  const lost = precision === FULL ? 3 * (first + last) : 8 * (first + last);
  const own = 0.01 * normal(0, 0, 0) + 0.003 * normal(Math.round(1e6 * sample[0]!), 1, 0);
  return [0.3 - 0.02 * lost + own, 0.8 - lost + 3 * own];
}

/** An image that is different for every name, kept in an artefact folder. @returns its hash */
export function keepImage({ folder, side }: KeptImages, name: string): string {
  const seed = Buffer.from(name).reduce((sum, byte) => (31 * sum + byte) % 2 ** 32, 7);
  const { normal, uniform } = createGenerator(seed);
  const [red, green, blue] = [0, 1, 2].map((channel) => 64 + 128 * uniform(0, channel, 0)) as [number, number, number];
  const grain = Array.from({ length: 4096 }, (_, i) => 12 * normal(1, i, 0));
  const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const wave = 40 * Math.sin((pixel % side) / 9 + pixel / side / 13);
    return Math.max(0, Math.min(255, [red, green, blue][i % 3]! + wave + grain[(pixel * 7 + i) % 4096]!));
  });
  return openArtefactFolder(folder).put(encodeImage({ width: side, height: side, data }));
}
