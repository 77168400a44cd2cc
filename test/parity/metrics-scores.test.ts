/** Score formulas against torchmetrics and numpy on fixed embeddings, from golden vectors. */
import { describe, expect, test } from 'vitest';
import { CLIP_IQA_PROMPTS, clipIqa } from '../../metrics/scores/clip-iqa.js';
import { clipScore, cosineSimilarity, meanClipScore } from '../../metrics/scores/clip-score.js';
import { mean, quantileSorted, sd } from '../../metrics/statistics/statistics.js';
import golden from '../golden/metrics/scores.json' with { type: 'json' };
import summary from '../golden/metrics/statistics.json' with { type: 'json' };

const doubles = (text: string) => new Float64Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);

const rows = (text: string, dimension: number) => {
  const all = doubles(text);
  return Array.from({ length: all.length / dimension }, (_, i) => all.subarray(i * dimension, (i + 1) * dimension));
};

test('the antonym pairs are those of torchmetrics, all of them', () => {
  expect(CLIP_IQA_PROMPTS).toEqual(golden.prompts);
});

describe.each(golden.sets)('fixed embeddings of $dimension values', (set) => {
  const images = rows(set.images, set.dimension);
  const texts = rows(set.texts, set.dimension);
  const [positive, negative] = rows(set.anchors, set.dimension) as [Float64Array, Float64Array];

  test('CLIPScore an image and a set', () => {
    images.forEach((image, i) =>
      expect(Math.abs(clipScore(image, texts[i]!) - set.clipScores[i]!)).toBeLessThan(1e-10),
    );
    const cosines = images.map((image, i) => cosineSimilarity(image, texts[i]!));
    expect(Math.abs(meanClipScore(cosines) - set.clipScore)).toBeLessThan(1e-10);
  });

  test('CLIP-IQA', () => {
    expect(set.clipIqa.some((p) => p > 0.01 && p < 0.99)).toBe(true);
    images.forEach((image, i) =>
      expect(Math.abs(clipIqa(image, positive, negative) - set.clipIqa[i]!)).toBeLessThan(1e-10),
    );
  });
});

test('the golden sets reach both sides of the clamp', () => {
  expect(golden.sets.some((set) => set.clipScore === 0)).toBe(true);
  expect(golden.sets.some((set) => set.clipScore > 10)).toBe(true);
});

test("mean, standard deviation and quantiles are numpy's", () => {
  const sorted = Float64Array.from(summary.values).sort();
  expect(Math.abs(mean(summary.values) - summary.mean)).toBeLessThan(1e-14);
  expect(Math.abs(sd(summary.values) - summary.sd)).toBeLessThan(1e-14);
  summary.at.forEach((q, i) => expect(Math.abs(quantileSorted(sorted, q) - summary.quantiles[i]!)).toBeLessThan(1e-14));
});
