/**
 * How far the roughness of a height map is from that of the full-precision network's maps.
 *
 * S_d = mean |I(x + d, y) - I(x, y)| and the same along y, in grey levels, for lags d = 1, 2, 4, ..., 32 pixels: noise raises
 * S_1, a map that is too flat lowers S_32. The score is the mean over d of |ln(S_d + 0.1) - reference_d|; 0 is best.
 */
import { readFileSync } from 'node:fs';

const { lags, logarithms } = JSON.parse(readFileSync(new URL('./reference.json', import.meta.url), 'utf8'));

/** ln(S_d + 0.1) for every lag. */
function roughness({ width, height, data }) {
  return lags.map((d) => {
    let sum = 0;
    let count = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = data[(y * width + x) * 3];
        if (x + d < width) sum += Math.abs(data[(y * width + x + d) * 3] - at);
        if (y + d < height) sum += Math.abs(data[((y + d) * width + x) * 3] - at);
        count += (x + d < width) + (y + d < height);
      }
    }
    return Math.log(sum / count + 0.1);
  });
}

/** @type {import('qsched').PluginScorer} */
export const scorer = {
  score: ({ images }) => ({
    roughness: images.map((image) => {
      const values = roughness(image);
      return values.reduce((sum, value, i) => sum + Math.abs(value - logarithms[i]), 0) / values.length;
    }),
  }),
};
