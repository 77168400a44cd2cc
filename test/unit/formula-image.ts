/** Images by an integer formula, the same bytes as in tools/golden/pairwise.py. */
import type { RgbImage } from '../../metrics/images/image.js';

/** Blocks, ramps and a fine texture. */
export function formulaImage(width: number, height: number, seed: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < 3; c += 1, at += 1) {
        const block = (Math.floor(x / (5 + seed)) * 53 + Math.floor(y / (4 + seed)) * 31 + c * 47 + seed * 17) % 200;
        data[at] = block + (((x * (3 + seed)) ^ (y * (5 + c))) % 56);
      }
    }
  }
  return { width, height, data };
}

/** Adds 0 to `by` to every value, by its place, and wraps around. */
export const changedImage = ({ width, height, data }: RgbImage, by: number): RgbImage => ({
  width,
  height,
  data: data.map((value, i) => (value + ((i * 7919) % (by + 1))) % 256),
});
